"""The log processor: generative-AI events that arrive as OpenTelemetry log records.

Instrumentations put messages into `gen_ai.*` events, and evaluations and feedback travel as
`gen_ai.evaluation.result`. Other log records are none of our business and are not kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, SynchronousMultiLogRecordProcessor

from otel_i2e.capture.tracing import resource_of

if TYPE_CHECKING:
    from otel_i2e.capture.recorder import Recorder

__all__ = ["I2ELogRecordProcessor", "OwnLoggerProvider", "join_logs"]


class I2ELogRecordProcessor(LogRecordProcessor):
    """Hands `gen_ai.*` events to the recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def on_emit(self, log_record: Any) -> None:
        """Queue the record when it is an event about a model call."""
        record: Any = log_record.log_record
        attributes: dict[str, Any] = record.attributes or {}
        name: Any = record.event_name or attributes.get("event.name")
        if isinstance(name, str) and name.startswith("gen_ai."):
            self._recorder.take_log(log_record)

    def shutdown(self) -> None:
        """Flush, within `exit_timeout`."""
        self._recorder.settle()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until what was emitted so far is in the spool; False after `timeout_millis`."""
        return self._recorder.flush(timeout_millis / 1000)


class _Relay(SynchronousMultiLogRecordProcessor):
    """The processors of our provider, until another provider takes over."""

    successor: Any = None

    def on_emit(self, log_record: Any) -> None:
        if self.successor is None:
            super().on_emit(log_record)
            return
        scope = log_record.instrumentation_scope
        self.successor.get_logger(scope.name, scope.version, scope.schema_url).emit(log_record.log_record)


class OwnLoggerProvider(LoggerProvider):
    """A LoggerProvider that follows `OTEL_*` and steps back when the application brings its own."""

    def __init__(self, recorder: Recorder) -> None:
        self._relay = _Relay()
        super().__init__(resource=resource_of(recorder), multi_log_record_processor=self._relay)
        self.add_log_record_processor(I2ELogRecordProcessor(recorder))

    def hand_over_to(self, successor: Any) -> None:
        """Send what the loggers that were given out emit through `successor`."""
        self._relay.successor = successor


def join_logs(recorder: Recorder, provider: Any) -> bool:
    """Add our processor to a provider, once; False when it takes none."""
    if provider in recorder.joined or isinstance(provider, OwnLoggerProvider):
        return True
    add = getattr(provider, "add_log_record_processor", None)
    if add is None:
        return False
    recorder.joined.add(provider)
    add(I2ELogRecordProcessor(recorder))
    return True
