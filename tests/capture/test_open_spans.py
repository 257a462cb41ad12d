"""Waiting for traces to be whole."""

from __future__ import annotations

import threading

from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture import OpenSpans
from otel_i2e.capture.recorder import Recorder


def test_what_is_open_is_waited_for_and_named() -> None:
    """Of the traces that are asked for; a span that began before there was anybody to tell counts for nothing."""
    spans = OpenSpans()
    for trace_id in (1, 1, 2, 3):
        spans.began(trace_id)
    for trace_id in (1, 3, 3, 4):
        spans.ended(trace_id)
    assert spans.wait([1, 3, 4], quiet=0.0, timeout=0.01) == {1}
    spans.ended(1)
    assert spans.wait([1, 3, 4], quiet=0.0, timeout=60) == frozenset()


def test_a_span_that_begins_in_the_quiet_period_is_waited_for() -> None:
    """It may be a thread of the task that goes on: the wait ends after the last span, not before."""
    spans = OpenSpans()
    spans.began(1)
    ended: list[str] = []

    def work() -> None:
        spans.began(1)
        spans.ended(1)
        spans.began(1)
        ended.append("all")
        spans.ended(1)

    threading.Timer(0.02, lambda: spans.ended(1)).start()
    threading.Timer(0.05, work).start()
    assert spans.wait([1], quiet=5.0, timeout=0.5) == frozenset()
    assert ended == ["all"]


def test_the_processor_tells(provider: TracerProvider, recorder: Recorder) -> None:
    """Where somebody waits; in an application nobody does. A span that came another way has ended, too."""
    assert recorder.open_spans is None
    recorder.share()
    recorder.open_spans = OpenSpans()
    span = provider.get_tracer("test").start_span("a")
    trace_id = span.get_span_context().trace_id
    assert recorder.open_spans.wait([trace_id], quiet=0.0, timeout=0.01) == {trace_id}
    recorder.is_first(span.get_span_context().span_id)
    span.end()
    assert recorder.open_spans.wait([trace_id], quiet=0.0, timeout=60) == frozenset()
