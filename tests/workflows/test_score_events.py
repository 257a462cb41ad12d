"""Scores leave as OpenTelemetry events, under the span that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import opentelemetry._logs._internal as logs_api
import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from otel_i2e.models import ScoreRow
from otel_i2e.testing import llm_span, score_row
from otel_i2e.workflows.score_events import emit_scores


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryLogRecordExporter]:
    """Events of a provider that is set globally, as an application has it."""
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    monkeypatch.setattr(logs_api, "_LOGGER_PROVIDER", provider)
    yield exporter
    provider.shutdown()


def score(value: float | None = 0.5, **fields: Any) -> ScoreRow:
    """A score of a span."""
    return score_row(llm_span(), "grounded", value, **fields)


def test_an_event_carries_the_score_under_its_span(events: InMemoryLogRecordExporter) -> None:
    """By the names of the conventions, with our id, so that it is known when it comes back."""
    row = score(label="partly", explanation="so", scorer_version="abc", passed=False)
    emit_scores([row])
    (found,) = events.get_finished_logs()
    record = found.log_record
    assert record.event_name == "gen_ai.evaluation.result"
    assert (f"{record.trace_id:032x}", f"{record.span_id:016x}") == (row.trace_id, row.span_id)
    assert dict(record.attributes or {}) == {
        "gen_ai.evaluation.name": "grounded",
        "gen_ai.evaluation.score.value": 0.5,
        "gen_ai.evaluation.score.label": "partly",
        "gen_ai.evaluation.explanation": "so",
        "i2e.score.id": row.score_id,
        "i2e.score.source": "online",
        "i2e.scorer.version": "abc",
    }
    assert abs((record.timestamp or 0) / 1e9 - row.created_at.timestamp()) < 1e-3


def test_what_a_score_lacks_its_event_lacks(events: InMemoryLogRecordExporter) -> None:
    """No empty attributes; a score of a whole trace names no span."""
    emit_scores([score(None, span_id=None, label="bad")])
    (found,) = events.get_finished_logs()
    assert found.log_record.span_id in (0, None)
    assert not {"gen_ai.evaluation.score.value", "gen_ai.evaluation.explanation"} & set(
        found.log_record.attributes or {}
    )


def test_without_a_provider_nothing_happens(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """No event is made for nobody; an API that cannot say whether anybody listens is given them."""
    made: list[ScoreRow] = []
    monkeypatch.setattr("otel_i2e.workflows.score_events._event", made.append)
    emit_scores([score()])
    assert (made, caplog.text) == ([], "")
    monkeypatch.delattr(logs_api.ProxyLogger, "enabled")
    monkeypatch.delattr(logs_api.Logger, "enabled")
    emit_scores([score()])
    assert len(made) == 1


def test_a_provider_that_breaks_is_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The scores are stored; whoever asked for them goes on."""

    class Broken:
        def get_logger(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("no")

    monkeypatch.setattr(logs_api, "_LOGGER_PROVIDER", Broken())
    emit_scores([score()])
    assert "they are stored" in caplog.text
