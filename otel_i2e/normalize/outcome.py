"""How a span ended: `status`, `status_message`, `error_type`, `error_code`."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.models import SpanRow
from otel_i2e.normalize.raw import Json, RawSpan
from otel_i2e.normalize.readers import text

__all__ = ["put_outcome"]

_CODES: Final = ("http.response.status_code", "http.status_code", "rpc.grpc.status_code", "error.code")


def put_outcome(row: SpanRow, raw: RawSpan) -> None:
    """Fill the outcome columns of `row`.

    A span failed when its status says so, or when it says nothing and carries `error.type`, which the
    conventions allow on failures only. The message is the status description, or else the exception's.
    """
    sent = raw.attributes
    if raw.status_code != "error" and (raw.status_code == "ok" or not sent.get(semconv.ERROR_TYPE)):
        return
    exception = _exception(raw)
    kind = text(sent.get(semconv.ERROR_TYPE)) or text(exception.get(semconv.EXCEPTION_TYPE))
    row["status"] = "error"
    row["error_type"] = kind
    row["status_message"] = (
        raw.status_message or text(exception.get(semconv.EXCEPTION_MESSAGE)) or text(sent.get("error.message"))
    )
    row["error_code"] = _code(sent) or (kind if kind is not None and kind.isdecimal() else None)


def _exception(raw: RawSpan) -> Json:
    """Attributes of the last exception event; else exception attributes of the span itself."""
    for event in reversed(raw.events):
        if event.name == semconv.EXCEPTION_EVENT:
            return event.attributes
    return raw.attributes


def _code(sent: Json) -> str | None:
    for name in _CODES:
        value: Any = sent.get(name)
        if value is not None and not (isinstance(value, int) and 100 <= value < 400):
            return text(value)
    return None
