"""The span processor: what the OpenTelemetry SDK calls on the application's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from otel_i2e.capture.context import marks_in

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from otel_i2e.capture.recorder import Recorder

__all__ = ["I2ESpanProcessor"]


class I2ESpanProcessor(SpanProcessor):
    """Puts the context's marks on a span that starts, and hands one that ended to the recorder.

    Several providers may each have one; the recorder is the process's. An unsampled span is not recorded.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._take = recorder.take_span

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Copy the marks that the span does not carry itself."""
        marks = marks_in(parent_context)
        if marks:
            own = span.attributes or {}
            span.set_attributes({key: value for key, value in marks.items() if key not in own})
        if self._recorder.open_spans is not None:
            self._recorder.open_spans.began(span.get_span_context().trace_id)

    def on_end(self, span: ReadableSpan) -> None:
        """Queue the span."""
        context, recorder = span.context, self._recorder
        if context is None:
            return
        if context.trace_flags.sampled and (recorder.claims is None or recorder.is_first(context.span_id)):
            self._take(span)
        if recorder.open_spans is not None:  # after it was taken: who waits for it flushes next
            recorder.open_spans.ended(context.trace_id)

    def shutdown(self) -> None:
        """Flush, within `exit_timeout`. The recorder goes on: other providers may use it."""
        self._recorder.settle()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until what ended so far is in the spool; False after `timeout_millis`."""
        return self._recorder.flush(timeout_millis / 1000)
