"""Rows that can be read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawEvent, RawLink, RawLog, RawSpan, normalize_span
from otel_i2e.normalize.stored import log_of, log_text, raw_of

Sent = Callable[[str, str], Any]


@pytest.mark.parametrize("emitter", ["adk_default", "anthropic_sdk", "langsmith_langchain", "strands_legacy"])
def test_a_row_gives_the_same_row_again(sent: Sent, emitter: str) -> None:
    """Attributes, events, links and log records: nothing of a span is only in what was sent."""
    for row in sent(emitter, "tools").rows():
        assert _of_content(normalize_span(*raw_of(row))) == _of_content(row)


def _of_content(row: SpanRow) -> SpanRow:
    """Without what nanoseconds decide."""
    return {name: value for name, value in row.items() if name != "duration_ms"}


def test_events_and_log_records_are_told_apart(
    raw_span: Callable[..., RawSpan], raw_log: Callable[..., RawLog]
) -> None:
    """A log record has a body, be it empty."""
    link = RawLink("c" * 32, "d" * 16, {"a": 1})
    span = raw_span({"x": 1}, events=[RawEvent("e", 7, {"b": [1]})], links=[link], parent_span_id="e" * 16)
    log = raw_log("gen_ai.user.message", {"content": "hi"}, None, resource={}, severity=0)
    again, logs = raw_of(normalize_span(span, [log]))
    assert (again.events, again.links, logs) == (span.events, span.links, [log])
    assert (again.attributes, again.resource, again.parent_span_id) == (span.attributes, span.resource, "e" * 16)


def test_a_log_record_survives_its_text(raw_log: Callable[..., RawLog]) -> None:
    """Name, time, attributes and body."""
    log = raw_log("gen_ai.choice", {"a": 1}, {"message": [1]}, resource={}, severity=0)
    assert log_of(log.trace_id, log.span_id, log_text(log)) == log
