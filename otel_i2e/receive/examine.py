"""What a request holds: how many items, and which of them can never be stored. Decides nothing else.

This runs before anything is acknowledged, so it is cheap: the parse is C, and of each span only the two
ids are touched. What a span means is found out later, by ingest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from google.protobuf.message import DecodeError as ProtobufError

from otel_i2e.errors import DecodeError
from otel_i2e.receive.refused import Refused
from otel_i2e.receive.salvage import Salvaged, salvaged
from otel_i2e.receive.salvage_json import salvaged_json
from otel_i2e.receive.services import Service
from otel_i2e.spool import Encoding, Signal

__all__ = ["Examined", "JsonReader", "examined", "readable"]

JsonReader: TypeAlias = Callable[[Signal, bytes], Sequence[str | None]]
"""Reads an OTLP/JSON request as ingest will; for each item, why it cannot be stored, or None. Raises DecodeError."""


class Examined(NamedTuple):
    """One request, read."""

    items: int
    """Spans or log records."""
    unstorable: Counter[str]
    """Reason → items that cannot be stored, in the words that ingest counts them under."""
    body: bytes
    """The request, without what could not be parsed."""
    lost: Counter[str] = Counter()  # noqa: RUF012 -- never changed
    """Reason → items that are not in `body`."""


def examined(service: Service, encoding: Encoding, body: bytes, read_json: JsonReader) -> Examined:
    """The items of `body`. Raises Refused, `undecodable`, when it is not what it claims to be."""
    try:
        reasons = read_json(service.signal, body) if encoding == "json" else _read_protobuf(service, body)
    except DecodeError as error:
        parts = readable(service, encoding, body)
        if parts is None:
            raise Refused("undecodable", str(error)) from None
        return examined(service, encoding, parts.body, read_json)._replace(lost=parts.lost)
    return Examined(len(reasons), Counter(reason for reason in reasons if reason), body)


def readable(service: Service, encoding: Encoding, body: bytes) -> Salvaged | None:
    """What can be read of a request that cannot be parsed as a whole; None when nothing can."""
    return salvaged(service, body) if encoding == "protobuf" else salvaged_json(service, body)


def _read_protobuf(service: Service, body: bytes) -> Sequence[str | None]:
    try:
        request: Any = service.request.FromString(body)
    except (ProtobufError, RecursionError) as error:
        raise DecodeError(f"{len(body):,} bytes are no {service.request.DESCRIPTOR.name}: {error}") from None
    if service.signal == "logs":
        return [None] * sum(len(s.log_records) for r in request.resource_logs for s in r.scope_logs)
    return [_reason(s.trace_id, s.span_id) for r in request.resource_spans for c in r.scope_spans for s in c.spans]


def _reason(trace_id: bytes, span_id: bytes) -> str | None:
    if len(trace_id) != 16 or not any(trace_id):
        return "trace id is not 16 bytes, or zero"
    if len(span_id) != 8 or not any(span_id):
        return "span id is not 8 bytes, or zero"
    return None
