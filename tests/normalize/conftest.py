"""Builders of raw spans, OTLP requests in both encodings, and what real emitters sent."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawEvent, RawLog, RawSpan, decode_logs, decode_traces, normalize_span

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"
FIXTURES = Path(__file__).parents[1] / "emitters" / "fixtures"

RawSpanOf = Callable[..., RawSpan]
RawLogOf = Callable[..., RawLog]


@pytest.fixture
def raw_span() -> RawSpanOf:
    """A raw span with sensible identity and times; attributes first, any field by name."""

    def build(attributes: dict[str, Any] | None = None, **fields: Any) -> RawSpan:
        given: dict[str, Any] = {
            "resource": {"service.name": "shop"},
            "scope_name": "",
            "scope_version": "",
            "trace_id": TRACE_ID,
            "span_id": SPAN_ID,
            "parent_span_id": "",
            "name": "chat",
            "otel_kind": 3,
            "start_ns": 1_763_650_000_000_000_000,
            "end_ns": 1_763_650_000_250_000_000,
            "attributes": attributes or {},
            "events": [],
            "links": [],
            "status_code": "unset",
            "status_message": "",
        }
        return RawSpan(**{**given, **fields})

    return build


@pytest.fixture
def raw_log() -> RawLogOf:
    """A raw log record on the span of `raw_span`; its event name and attributes first, any field by name."""

    def build(event_name: str, attributes: dict[str, Any] | None = None, body: Any = None, **fields: Any) -> RawLog:
        given: dict[str, Any] = {
            "resource": {"service.name": "shop"},
            "scope_name": "",
            "scope_version": "",
            "trace_id": TRACE_ID,
            "span_id": SPAN_ID,
            "event_name": event_name,
            "time_ns": 1_763_650_000_100_000_000,
            "severity": 9,
            "body": body,
            "attributes": attributes or {},
        }
        return RawLog(**{**given, **fields})

    return build


@pytest.fixture
def row_of(raw_span: RawSpanOf) -> Callable[..., SpanRow]:
    """The row of a span with these attributes."""

    def build(attributes: dict[str, Any] | None = None, logs: Sequence[RawLog] = (), **fields: Any) -> SpanRow:
        return normalize_span(raw_span(attributes, **fields), logs)

    return build


@pytest.fixture
def event() -> Callable[..., RawEvent]:
    """A span event."""

    def build(name: str, attributes: dict[str, Any] | None = None) -> RawEvent:
        return RawEvent(name, 1_763_650_000_100_000_000, attributes or {})

    return build


class Sent(NamedTuple):
    """What a real emitter sent in one scenario."""

    spans: list[RawSpan]
    logs: list[RawLog]

    def rows(self, scope: str = "") -> list[SpanRow]:
        """Rows in order of start, of spans whose scope name begins with `scope`."""
        spans = sorted((span for span in self.spans if span.scope_name.startswith(scope)), key=lambda s: s.start_ns)
        return [
            normalize_span(
                span, [log for log in self.logs if (log.trace_id, log.span_id) == (span.trace_id, span.span_id)]
            )
            for span in spans
        ]


@pytest.fixture
def sent() -> Callable[[str, str], Sent]:
    """`sent("anthropic_sdk", "tools")`: what that emitter sent in that scenario (see `tests/emitters`)."""

    def load(emitter: str, scenario: str) -> Sent:
        return Sent(
            [span for body in _bodies(emitter, f"{scenario}.traces.pb") for span in decode_traces(body, "protobuf")],
            [log for body in _bodies(emitter, f"{scenario}.logs.pb") for log in decode_logs(body, "protobuf")],
        )

    return load


def _bodies(emitter: str, name: str) -> list[bytes]:
    found = sorted((FIXTURES / emitter).glob(f"{name}*"))
    return [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in found]
