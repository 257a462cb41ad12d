"""The exporter behind `OTEL_TRACES_EXPORTER=i2e`, for `opentelemetry-instrument` and SDK configuration.

Setting it up does all that `import otel_i2e.auto` does. Spans of a provider that has our processor come
by both ways; each is recorded once.
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_i2e.capture.install import start

__all__ = ["I2ESpanExporter"]


class I2ESpanExporter(SpanExporter):
    """Hands spans to the process's recorder. Never fails: what is lost is counted (`i2e status`)."""

    def __init__(self) -> None:
        self._recorder = start()
        if self._recorder is not None:
            self._recorder.share()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Queue the spans that did not come another way."""
        recorder = self._recorder
        if recorder is not None and recorder.settings.capture != "off":
            for span in spans:
                if span.context is not None and recorder.is_first(span.context.span_id):
                    recorder.take_span(span)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Flush, within `exit_timeout`."""
        if self._recorder is not None:
            self._recorder.settle()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until what was exported is in the spool; False after `timeout_millis`."""
        return self._recorder is None or self._recorder.flush(timeout_millis / 1000)
