"""How a span ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawEvent

RowOf = Callable[..., SpanRow]


@pytest.mark.parametrize(
    ("status", "attributes", "expected"),
    [
        ("unset", {}, ("ok", None, None)),
        ("ok", {"error.type": "Ignored"}, ("ok", None, None)),
        ("unset", {"error.type": "timeout"}, ("error", "timeout", None)),
        ("error", {}, ("error", None, None)),
        ("error", {"error.type": "529"}, ("error", "529", "529")),
        ("error", {"error.type": "overloaded", "http.response.status_code": 529}, ("error", "overloaded", "529")),
        ("error", {"error.type": "x", "http.response.status_code": 200}, ("error", "x", None)),
        ("error", {"rpc.grpc.status_code": 14}, ("error", None, "14")),
        ("error", {"exception.type": "KeyError"}, ("error", "KeyError", None)),
    ],
)
def test_status_type_and_code(row_of: RowOf, status: str, attributes: dict[str, Any], expected: Any) -> None:
    """Unset is ok, unless the span says what went wrong; a success code on a failed span is no error code."""
    row = row_of(attributes, status_code=status)
    assert (row["status"], row["error_type"], row["error_code"]) == expected


def test_the_message_is_the_description_or_the_exception_s(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """The status description wins; else the last exception event; else `error.message`."""
    events = [
        event("exception", {"exception.type": "First", "exception.message": "tried"}),
        event("exception", {"exception.type": "Last", "exception.message": "gave up"}),
    ]
    row = row_of({}, status_code="error", events=events)
    assert (row["error_type"], row["status_message"]) == ("Last", "gave up")
    assert row_of({}, status_code="error", status_message="broke", events=events)["status_message"] == "broke"
    assert row_of({"error.message": "said"}, status_code="error")["status_message"] == "said"


def test_the_code_that_an_sdk_tells_in_its_message(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """OpenAI's, Anthropic's and pydantic-ai's messages begin with it; a number elsewhere is no code."""
    told = event("exception", {"exception.message": "Error code: 529 - {'type': 'error'}"})
    assert row_of({}, status_code="error", events=[told])["error_code"] == "529"
    assert row_of({}, status_code="error", status_message="E: Error code: 500 - x")["error_code"] == "500"
    said = "ModelServerError: status_code: 500, model_name: m"
    assert row_of({}, status_code="error", status_message=said)["error_code"] == "500"
    assert row_of({}, status_code="error", status_message="took 500 ms")["error_code"] is None
    assert row_of({}, status_code="ok", status_message="Error code: 500 - x")["error_code"] is None
