"""OTLP request bytes → RawSpan and RawLog, whichever way they are encoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from otel_i2e.errors import DecodeError
from otel_i2e.normalize.decode_json import logs_from_json, spans_from_json
from otel_i2e.normalize.decode_protobuf import logs_from_protobuf, spans_from_protobuf
from otel_i2e.normalize.raw import RawLog, RawSpan

__all__ = ["decode_logs", "decode_traces", "refusal"]

T = TypeVar("T")
_SPANS: Final = {"protobuf": spans_from_protobuf, "json": spans_from_json}
_HEX: Final = "0123456789abcdef"
_LOGS: Final = {"protobuf": logs_from_protobuf, "json": logs_from_json}


def decode_traces(body: bytes, encoding: str) -> list[RawSpan]:
    """The spans of an `ExportTraceServiceRequest`; `encoding` is `protobuf` or `json`. Raises DecodeError.

    A span whose ids are not valid is decoded too: `refusal` says why it cannot be stored, so that it
    does not take the rest of its request with it.
    """
    return _decoded(_SPANS, body, encoding)


def decode_logs(body: bytes, encoding: str) -> list[RawLog]:
    """The log records of an `ExportLogsServiceRequest`; `encoding` is `protobuf` or `json`. Raises DecodeError."""
    return _decoded(_LOGS, body, encoding)


def refusal(raw: RawSpan | RawLog) -> str | None:
    """Why `raw`, or what it says of a span, cannot be stored, in a few words that can be counted; None when it can."""
    if not _is_id(raw.trace_id, 32):
        return "trace id is not 16 bytes, or zero"
    if not _is_id(raw.span_id, 16):
        return "span id is not 8 bytes, or zero"
    return None


def _decoded(decoders: dict[str, Callable[[bytes], list[T]]], body: bytes, encoding: str) -> list[T]:
    if encoding not in decoders:
        raise DecodeError(f"encoding {encoding!r} is not known; it is one of {', '.join(decoders)}")
    try:
        return decoders[encoding](body)
    except RecursionError:
        raise DecodeError(f"{len(body):,} bytes hold a value that is nested too deeply") from None


def _is_id(text: str, digits: int) -> bool:
    return len(text) == digits and not text.strip(_HEX) and bool(text.strip("0"))
