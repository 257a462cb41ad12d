"""A rule in shadow scores and is paid for, and nothing that decides counts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from otel_i2e.workflows.promotion import promote_query
from otel_i2e.workflows.queries import find_query, run_query
from otel_i2e.workflows.scoring import score_online, score_rule
from otel_i2e.workflows.status import status
from otel_i2e.workflows.why import why

NOW = datetime.now(UTC)
SCORERS = """
from otel_i2e import scorer

@scorer
def short(output: str) -> bool:
    return len(output) < 5

@scorer
def shorter(output: str) -> bool:
    return len(output) < 4
"""
LIVE = {"name": "live", "scorers": ["short"]}
SHADOW = {"name": "next", "scorers": ["shorter"], "shadow": True, "beside": "short"}
Project = Callable[..., Settings]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """`project(spans…, rules=…)`: settings of a project with these rules."""

    def made(*spans: Span, rules: tuple[dict[str, Any], ...] = (LIVE, SHADOW)) -> Settings:
        (tmp_path / "scorers.py").write_text(SCORERS, encoding="utf-8")
        with Store(tmp_path / "i2e.duckdb").write() as writer:
            writer.add_spans([row_of(span.model_copy(update={"ingested_at": NOW})) for span in spans])
        return Settings(
            store=str(tmp_path / "i2e.duckdb"), scorers=(str(tmp_path / "scorers.py"),), rules=rules, source=""
        )

    return made


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """Rows of the store."""
    with Store.of(settings).read() as reader:
        return reader.rows(sql)


def test_what_a_rule_in_shadow_scores_is_counted_nowhere(project: Project) -> None:
    """Neither in scores and their views, nor among failures, nor by a query that promotes; the ledger has it."""
    settings = project(llm_span(output="Yes."), llm_span(output="No"), rules=(SHADOW,))
    score_online(settings, now=NOW)
    passed = rows(settings, "SELECT passed FROM shadow_scores ORDER BY passed")
    assert passed == [{"passed": False}, {"passed": True}]
    for relation in ("scores", "latest_scores", "rated_scores", "failures"):
        assert rows(settings, f"SELECT * FROM {relation}") == []
    assert [row["failed_scores"] for row in rows(settings, "SELECT failed_scores FROM traces")] == [0, 0]
    for name in ("low_score", "daily_quality"):
        assert run_query(settings, find_query(name, settings), {}).rows == ()
    assert promote_query(settings, "low_score", dataset="d").proposals == ()
    assert {(row["shadow"], row["outcome"]) for row in rows(settings, "SELECT * FROM score_ledger")} == {
        (True, "scored")
    }


def test_switched_on_it_counts_from_then_on(project: Project) -> None:
    """What it scored in shadow stays there, and is not scored again."""
    settings = project(llm_span(output="Yes."), rules=(SHADOW,))
    score_online(settings, now=NOW)
    on = replace(settings, rules=({**SHADOW, "shadow": False},))
    project(llm_span(output="Maybe."))
    assert score_online(on, now=NOW + timedelta(seconds=1)).attempts == 1
    assert [row["rule"] for row in rows(settings, "SELECT rule FROM scores")] == ["next"]
    assert len(rows(settings, "SELECT * FROM shadow_scores")) == 1


def test_its_time_in_shadow_is_in_no_rate(project: Project) -> None:
    """Of `i2e why` and `i2e status`: once it is live, they say what the views say, after a backfill too."""
    failing, passing = llm_span(output="Never."), llm_span(output="No")
    settings = project(failing, rules=(SHADOW,))
    score_online(settings, now=NOW)
    on = replace(settings, rules=({**SHADOW, "shadow": False},))
    project(passing)
    score_online(on, now=NOW + timedelta(seconds=1))
    assert _rates(on, passing) == ([(1, 1, 1.0)], (1, 1, 1.0))
    score_rule(on, "next")
    assert _rates(on, passing) == ([(2, 2, 0.5)], (2, 2, 0.5))
    assert _rates(settings, passing) == ([(1, 1, 0.0)], (1, 1, 0.0))


def _rates(settings: Settings, span: Span) -> tuple[list[tuple[int, int, float]], tuple[int, int, float]]:
    """Scored, considered and pass rate, as `i2e status` and as `i2e why` say."""
    (rule,) = status(settings).rules
    (answer,) = why(settings, span.span_id)
    shown = [(one.scored, one.considered, one.pass_rates[0].rate.rate) for one in rule.scorers]
    return shown, (answer.scored, answer.considered, answer.pass_rates[0].rate.rate)


def test_a_rule_in_shadow_has_its_budget(project: Project) -> None:
    """It costs what a live one costs."""
    settings = project(llm_span(), llm_span(), rules=({**SHADOW, "daily_budget": 1},))
    tally = score_online(settings, now=NOW).rules[0].tallies[0]
    assert (tally.scored, tally.over_budget) == (1, 1)


def test_the_same_traces_are_drawn_as_for_the_live_rule(project: Project) -> None:
    """Samples are nested, so both have looked at what the smaller sample holds."""
    live, shadow = {**LIVE, "sample": 0.5, "keep": []}, {**SHADOW, "sample": 0.25, "keep": []}
    settings = project(*[llm_span() for _ in range(60)], rules=(live, shadow))
    score_online(settings, seconds=60, now=NOW)
    both = "SELECT count(*) AS n FROM shadow_scores SEMI JOIN scores USING (trace_id, span_id)"
    (shadows,) = rows(settings, "SELECT count(*) AS n FROM shadow_scores")
    assert rows(settings, both) == [shadows]
    assert 0 < shadows["n"] < 30
