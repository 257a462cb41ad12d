"""A rule that stopped is said, whatever it did before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from otel_i2e.config import Settings
from otel_i2e.models import LedgerRow, Outcome, Span
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, row_of
from otel_i2e.workflows.status import status

NOW = datetime.now(UTC)
RULE = {"name": "polite", "where": "name = 'support'", "scorers": ["equals"]}


def _settings(folder: Path) -> Settings:
    return Settings(store=str(folder / "i2e.duckdb"), rules=(RULE,), source="")


def _stored(settings: Settings, name: str, n: int, *, hours: float) -> list[Span]:
    at = NOW - timedelta(hours=hours)
    spans = [agent_span("q", "a", name=name, start_time=at, ingested_at=at) for _ in range(n)]
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span) for span in spans])
    return spans


def _scored(settings: Settings, spans: list[Span], *, hours: float) -> None:
    at = NOW - timedelta(hours=hours)
    rows = [
        LedgerRow(
            trace_id=span.trace_id, span_id=span.span_id, rule="polite", scorer="equals", scorer_version="1",
            outcome=Outcome.SCORED, reason=None, source="online", created_at=at,
        )
        for span in spans
    ]  # fmt: skip
    with Store.of(settings).write() as writer:
        writer.add_ledger(rows)


def test_a_condition_that_no_longer_matches_is_said(tmp_path: Path) -> None:
    """A deployment renamed what it looks for."""
    settings = _settings(tmp_path)
    _scored(settings, _stored(settings, "support", 20, hours=3), hours=2.9)
    _stored(settings, "support_v2", 50, hours=0.5)
    (warning,) = status(settings).warnings
    assert "matches none of the 50 spans stored within the last hour, and 20 of 20 within the week before" in warning


def test_a_condition_that_was_edited_and_matches_nothing_is_said(tmp_path: Path) -> None:
    """It has scored by another condition, a moment ago."""
    settings = _settings(tmp_path)
    _scored(settings, _stored(settings, "support", 20, hours=3), hours=0.2)
    (warning,) = status(replace(settings, rules=({**RULE, "where": "name = 'suport'"},))).warnings
    assert "matches none of the 20 spans stored; see what there is" in warning


def test_a_condition_that_seldom_matches_is_not(tmp_path: Path) -> None:
    """Nothing is unusual about an hour without what comes once in a hundred."""
    settings = _settings(tmp_path)
    _stored(settings, "other", 99, hours=3)
    _scored(settings, _stored(settings, "support", 1, hours=3), hours=2.9)
    _stored(settings, "other", 50, hours=0.5)
    assert status(settings).warnings == ()


def test_spans_that_nobody_came_to_are_counted(tmp_path: Path) -> None:
    """Those that still have their turn, and those that rules no longer look back to: a worker was down."""
    settings = _settings(tmp_path)
    _scored(settings, _stored(settings, "support", 5, hours=50), hours=49.9)
    _stored(settings, "support", 40, hours=30)
    _stored(settings, "support", 7, hours=3)
    found = status(settings)
    (rule,) = found.rules
    assert (rule.scored, rule.waiting, rule.passed_over) == (5, 7, 40)
    (warning,) = found.warnings
    assert "7 spans that match wait for more than an hour for a pass" in warning
    assert "40 spans that match were stored more than a day ago and passed over" in warning
    assert "i2e score --rule polite --since 8d" in warning


def test_a_worker_that_never_ran_is_said(tmp_path: Path) -> None:
    """There is no row of the ledger to begin from."""
    settings = _settings(tmp_path)
    _stored(settings, "support", 40, hours=30)
    assert "40 spans that match were stored more than a day ago" in status(settings).warnings[0]


def test_what_lay_there_before_the_rule_began_is_none_of_its(tmp_path: Path) -> None:
    """A new rule over an old store has scored the day that it looks back."""
    settings = _settings(tmp_path)
    _stored(settings, "support", 40, hours=100)
    _scored(settings, _stored(settings, "support", 5, hours=3), hours=2)
    found = status(settings)
    assert (found.rules[0].passed_over, found.warnings) == (0, ())
