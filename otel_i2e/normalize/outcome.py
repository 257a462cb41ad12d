"""How a span ended: `status`, `status_message`, `error_type`, `error_code`."""

from __future__ import annotations

import re
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.models import SpanRow
from otel_i2e.normalize.raw import Json, RawSpan
from otel_i2e.normalize.readers import text

__all__ = ["put_outcome"]

_CODES: Final = ("http.response.status_code", "http.status_code", "rpc.grpc.status_code", "error.code", "status_code")
_CODE_TOLD: Final = re.compile(r"\b(?:Error code|status_code): (\d{3})\b")
"""As the SDKs of OpenAI and Anthropic begin their messages, and as pydantic-ai does."""


def put_outcome(row: SpanRow, raw: RawSpan) -> None:
    """Fill the outcome columns of `row`.

    A span failed when its status says so, or its dialect does; or when the status says nothing and it carries
    `error.type`, which the conventions allow on failures only. The message is the status description, or else the
    exception's.
    """
    sent = raw.attributes
    told = raw.status_code != "ok" and sent.get(semconv.ERROR_TYPE)
    if raw.status_code != "error" and row["status"] != "error" and not told:
        return
    exception = _exception(raw)
    kind = text(sent.get(semconv.ERROR_TYPE)) or text(exception.get(semconv.EXCEPTION_TYPE))
    row["status"] = "error"
    row["error_type"] = kind = kind or row["error_type"]
    messages = (
        raw.status_message,
        text(exception.get(semconv.EXCEPTION_MESSAGE)),
        text(sent.get("error.message")),
        row["status_message"],
    )
    row["status_message"] = next(filter(None, messages), None)
    code = kind if kind is not None and kind.isdecimal() else _code_in(messages)
    row["error_code"] = _code(sent) or row["error_code"] or code


def _exception(raw: RawSpan) -> Json:
    """Attributes of the last exception event; else exception attributes of the span itself."""
    for event in reversed(raw.events):
        if event.name == semconv.EXCEPTION_EVENT:
            return event.attributes
    return raw.attributes


def _code_in(told: tuple[str | None, ...]) -> str | None:
    """The status code that a message begins with, where no attribute has it."""
    for message in told:
        if message and (found := _CODE_TOLD.search(message, 0, 200)):
            return found[1]
    return None


def _code(sent: Json) -> str | None:
    for name in _CODES:
        value: Any = sent.get(name)
        if value is not None and not (isinstance(value, int) and 100 <= value < 400):
            return text(value)
    return None
