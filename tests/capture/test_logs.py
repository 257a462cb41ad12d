"""The log processor keeps events about model calls and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from otel_i2e.capture.logs import I2ELogRecordProcessor, OwnLoggerProvider, join_logs
from otel_i2e.capture.recorder import Recorder


def _event(name: str | None, **attributes: Any) -> LogRecord:
    return LogRecord(
        body={"content": "hi"}, event_name=name, attributes=attributes, severity_number=SeverityNumber.INFO
    )


def test_model_events_are_kept_and_other_logs_are_not(recorder: Recorder, recorded: Callable[..., list[Any]]) -> None:
    """The event's name counts, as a field or as the attribute of older instrumentations."""
    provider = LoggerProvider(shutdown_on_exit=False)
    assert join_logs(recorder, provider)
    logger = provider.get_logger("test")
    for record in (
        _event("gen_ai.choice", index=0),
        _event(None, **{"event.name": "gen_ai.user.message"}),
        _event("app.started"),
        _event(None),
    ):
        logger.emit(record)
    assert provider.force_flush()
    assert [(log.name, log.attributes) for log in recorded("logs")] == [
        ("gen_ai.choice", {"index": 0}),
        ("", {"event.name": "gen_ai.user.message"}),
    ]


def test_a_provider_is_joined_once(recorder: Recorder, recorded: Callable[..., list[Any]]) -> None:
    """Joining again adds nothing; what takes no processors is said to."""
    provider = LoggerProvider(shutdown_on_exit=False)
    assert join_logs(recorder, provider)
    assert join_logs(recorder, provider)
    provider.get_logger("test").emit(_event("gen_ai.choice"))
    assert len(recorded("logs")) == 1
    assert join_logs(recorder, _Plain()) is False


class _Plain:
    pass


def test_our_provider_hands_over_what_its_loggers_emit(recorder: Recorder, recorded: Callable[..., list[Any]]) -> None:
    """A logger obtained before the application set its provider speaks through that one afterwards."""
    ours = OwnLoggerProvider(recorder)
    logger = ours.get_logger("early", "1")
    logger.emit(_event("gen_ai.choice", n=1))
    theirs, exported = LoggerProvider(shutdown_on_exit=False), InMemoryLogRecordExporter()
    theirs.add_log_record_processor(SimpleLogRecordProcessor(exported))
    theirs.add_log_record_processor(I2ELogRecordProcessor(recorder))
    ours.hand_over_to(theirs)
    logger.emit(_event("gen_ai.choice", n=2))
    assert [log.log_record.attributes["n"] for log in exported.get_finished_logs()] == [2]  # pyright: ignore[reportOptionalSubscript] -- set above
    assert [(log.scope, log.attributes["n"]) for log in recorded("logs")] == [("early", 1), ("early", 2)]
    ours.shutdown()
