"""The span processor: marks on, ended spans off to the recorder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from otel_i2e.capture.context import with_attributes
from otel_i2e.capture.processor import I2ESpanProcessor
from otel_i2e.capture.recorder import Recorder


def test_marks_of_the_context_are_on_every_span_inside(
    provider: TracerProvider, recorded: Callable[..., list[Any]]
) -> None:
    """Also on nested ones, and on none outside; an attribute of the span's own stays."""
    tracer = provider.get_tracer("test")
    with with_attributes({"a": 1, "b": "outer"}), tracer.start_as_current_span("one"), with_attributes({"b": "inner"}):
        tracer.start_span("two", attributes={"a": 2}).end()
    tracer.start_span("three").end()
    assert {span.name: span.attributes for span in recorded()} == {
        "two": {"a": 2, "b": "inner"},
        "one": {"a": 1, "b": "outer"},
        "three": {},
    }


def test_an_unsampled_span_is_not_recorded(recorder: Recorder, recorded: Callable[..., list[Any]]) -> None:
    """The application's sampler decides."""
    provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    provider.add_span_processor(I2ESpanProcessor(recorder))
    provider.get_tracer("test").start_span("no").end()
    assert recorder.flush(10)
    assert not recorder.spool_path.exists()


def test_force_flush_writes_what_ended(
    provider: TracerProvider, recorder: Recorder, in_spool: Callable[..., list[Any]]
) -> None:
    """The provider's own flush reaches the spool."""
    provider.get_tracer("test").start_span("call").end()
    assert provider.force_flush(30_000)
    assert len(in_spool(recorder.spool_path, "traces")) == 1


def test_a_provider_that_shuts_down_does_not_end_recording(
    provider: TracerProvider, recorder: Recorder, recorded: Callable[..., list[Any]]
) -> None:
    """Another provider of the process records on."""
    other = TracerProvider(shutdown_on_exit=False)
    other.add_span_processor(I2ESpanProcessor(recorder))
    provider.shutdown()
    other.get_tracer("test").start_span("call").end()
    assert len(recorded()) == 1
