"""The spans of our own helpers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e import semconv
from otel_i2e.models import SpanRow

RowOf = Callable[..., SpanRow]


@pytest.mark.parametrize("kind", semconv.SPAN_KINDS)
def test_the_kind_is_what_the_application_said(row_of: RowOf, kind: str) -> None:
    """Whatever the operation is; a kind that does not exist says nothing."""
    assert row_of({semconv.I2E_KIND: kind, "gen_ai.operation.name": "chat"})["kind"] == kind
    assert row_of({semconv.I2E_KIND: "magic"})["kind"] == "other"


def test_a_step_has_its_input_and_output(row_of: RowOf) -> None:
    """As they were sent, JSON text included."""
    row = row_of({semconv.I2E_KIND: "chain", "input.value": '{"question": "hi"}', "output.value": "hello"})
    assert (row["dialect"], row["input_text"], row["output_text"]) == ("i2e", '{"question": "hi"}', "hello")
    assert row["content_state"] == "full"


@pytest.mark.parametrize(("text", "mime", "result"), [("42", "application/json", 42), ("42", "text/plain", "42")])
def test_a_tool_s_result_is_json_when_it_says_so(row_of: RowOf, text: str, mime: str, result: Any) -> None:
    """A number is a number, a text that looks like one is a text."""
    row = row_of(
        {
            semconv.I2E_KIND: "tool",
            "gen_ai.tool.name": "count",
            "gen_ai.tool.call.arguments": "{}",
            "gen_ai.tool.call.result": text,
            "output.value": text,
            "output.mime_type": mime,
        }
    )
    assert json.loads(row["tool_result"]) == result


def test_marks_of_an_experiment_are_columns_on_any_span(row_of: RowOf) -> None:
    """They show no dialect, because they stand on every span of a run."""
    row = row_of({"i2e.experiment.id": "exp-1", "i2e.case.id": "c1", "i2e.repeat": 2})
    assert (row["experiment_id"], row["case_id"], row["repeat"], row["dialect"]) == ("exp-1", "c1", 2, "unknown")
    assert row_of({"i2e.repeat": 2**40})["repeat"] is None
