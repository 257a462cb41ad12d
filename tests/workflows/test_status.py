"""Status: everything that is known, and what of it needs attention."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from otel_i2e.config import Settings
from otel_i2e.models import LedgerRow, Outcome
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from otel_i2e.workflows.status import status

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _settings(tmp_path: Path, **given: object) -> Settings:
    return Settings(store=str(tmp_path / "s.duckdb"), **given)  # type: ignore[arg-type] -- any setting


def test_nothing_yet(tmp_path: Path) -> None:
    """Neither store nor spool; and looking makes none."""
    found = status(_settings(tmp_path))
    assert (found.store_bytes, found.stored, found.spool, found.counters, found.warnings) == (None, None, None, (), ())
    assert list(tmp_path.iterdir()) == []


def test_what_is_stored(tmp_path: Path) -> None:
    """Sizes, counts, times, and scopes that are in no known dialect."""
    settings = _settings(tmp_path)
    first = llm_span(dialect="genai", start_time=_NOW, ingested_at=_NOW)
    twin = llm_span(
        dialect="genai", duplicate_of=first.span_id, trace_id=first.trace_id, start_time=_NOW, ingested_at=_NOW
    )
    other = llm_span(kind="other", scope_name="mystery", start_time=_NOW, content_state="truncated", ingested_at=_NOW)
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span) for span in (first, twin, other)])
    found = status(settings)
    assert found.stored is not None
    assert (found.stored.spans, found.stored.traces, found.stored.llm_calls, found.stored.truncated) == (3, 2, 1, 1)
    assert (found.stored.latest_span, found.stored.latest_ingest) == (_NOW, _NOW)
    assert [(one.counter, one.n) for one in found.stored.unrecognised] == [("mystery", 1)]
    assert found.store_bytes == settings.store_path.stat().st_size
    assert found.warnings == ()


def test_what_waits_and_what_was_lost(tmp_path: Path) -> None:
    """The backlog with its age; counters with their reasons; drops and rejects are warnings."""
    settings = _settings(tmp_path)
    spool = Spool(settings.spool_path)
    spool.put(b"12345", items=7)
    spool.count("dropped", "queue full", 3)
    spool.count("rejected", "span: no trace id")
    spool.count("duplicate", n=2)
    found = status(settings)
    assert found.spool is not None
    assert (found.spool.batches, found.spool.items, found.spool.bytes) == (1, 7, 5)
    assert [(one.counter, one.reason, one.n) for one in found.counters] == [
        ("dropped", "queue full", 3),
        ("duplicate", "", 2),
        ("rejected", "span: no trace id", 1),
    ]
    dropped, rejected = found.warnings
    assert "3 dropped (queue full)" in dropped
    assert "1 rejected (span: no trace id); see" in rejected
    assert "s.duckdb.rejected" in rejected


def test_calls_without_content_are_said_loudly(tmp_path: Path) -> None:
    """With what to set."""
    settings = _settings(tmp_path)
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(llm_span(None, None, dialect="genai")), row_of(llm_span(dialect="genai"))])
    (warning,) = status(settings).warnings
    assert "1 of 2 model calls were recorded without content" in warning
    assert "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY" in warning


def test_rules_and_their_last_score(tmp_path: Path) -> None:
    """What each rule did; one that is not valid says why; one that breaks says with what."""
    rules: tuple[dict[str, object], ...] = (
        {"name": "good", "scorers": ["a"]},
        {"name": "bad", "scorers": []},
        {"name": "broken", "scorers": ["b"]},
    )
    settings = _settings(tmp_path, rules=rules)

    def row(rule: str, outcome: Outcome, reason: str | None = None) -> LedgerRow:
        return LedgerRow(
            trace_id="t", span_id="s", rule=rule, scorer="a", scorer_version="1", outcome=outcome,
            reason=reason, source="online", created_at=_NOW,
        )  # fmt: skip

    with Store.of(settings).write() as writer:
        writer.add_ledger([
            row("good", Outcome.SCORED),
            row("good", Outcome.SAMPLED_OUT),
            row("broken", Outcome.ERROR, "KeyError: 'x'"),
        ])  # fmt: skip
    found = status(settings)
    good, bad, broken = found.rules
    assert (good.considered, good.scored, good.latest_score, good.problem) == (2, 1, _NOW, None)
    assert "rule 'bad'" in (bad.problem or "")
    assert (broken.scored, broken.errors, broken.latest_score) == (0, 1, None)
    assert any("rule 'broken': 1 attempts broke, the last with: KeyError: 'x'" in one for one in found.warnings)


def test_a_store_that_is_held_is_a_warning(tmp_path: Path) -> None:
    """The rest is shown all the same, and who holds it."""
    settings = _settings(tmp_path, lock_timeout=0.05)
    Spool(settings.spool_path).put(b"1")
    with Store.of(settings).write():
        found = status(settings)
    assert found.held_by is not None
    assert found.stored is None
    assert found.spool is not None
    assert any("stayed in use" in one for one in found.warnings)


def test_an_old_backlog_says_that_nothing_ingests(tmp_path: Path) -> None:
    """After a minute, with what to do."""
    from otel_i2e.workflows.status import Backlog, _warnings

    old = Backlog(batches=1, items=5, bytes=10, oldest_seconds=90.0)
    (warning,) = _warnings(_settings(tmp_path), None, old, (), ())
    assert "the oldest for 90 s" in warning
    assert "I2E_INGEST=on" in warning
