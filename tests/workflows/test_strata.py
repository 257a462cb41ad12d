"""What a rule scores whatever its sample says, and what its scores then stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, UsageError
from otel_i2e.models import ScoreRow, Span
from otel_i2e.score import draw
from otel_i2e.stats import cluster_sums, weighted_rate
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, row_of, score_row, tool_span, trace_of
from otel_i2e.workflows.rules import read_rules
from otel_i2e.workflows.scoring import check_rules, score_online

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
OUT, IN = "f" * 18 + "0" * 14, "f" * 18 + "f" * 14
"""Trace ids that no sample draws, and that every sample does."""
SCORERS = """
from otel_i2e import scorer

@scorer
def short(output: str) -> bool:
    return len(output) < 5
"""
Project = Callable[..., Settings]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """`project(spans, scores, sample=0.1, …)`: settings of a project with one rule and these rows."""

    def made(spans: Sequence[Span] = (), scores: Sequence[ScoreRow] = (), **rule: Any) -> Settings:
        (tmp_path / "scorers.py").write_text(SCORERS, encoding="utf-8")
        table = {"name": "r", "scorers": ["short"], "sample": 0.1, **rule}
        settings = Settings(
            store=str(tmp_path / "i2e.duckdb"), scorers=(str(tmp_path / "scorers.py"),), rules=(table,), source=""
        )
        stamped = [span.model_copy(update={"ingested_at": span.ingested_at or NOW}) for span in spans]
        with Store.of(settings).write() as writer:
            writer.add_spans([row_of(span) for span in stamped])
            writer.add_scores(scores)
        return settings

    return made


def ledger(settings: Settings) -> dict[str, tuple[str, float | None, str | None]]:
    """Span → what became of it last, its weight and its stratum."""
    sql = "SELECT span_id, outcome, weight, stratum FROM score_ledger ORDER BY created_at, outcome DESC"
    with Store.of(settings).read() as reader:
        return {row["span_id"]: (row["outcome"], row["weight"], row["stratum"]) for row in reader.rows(sql)}


def out(n: int) -> str:
    """Another trace id that no sample draws."""
    return f"{n:018x}" + "0" * 14


def test_errors_complaints_and_conditions_are_kept_and_stand_for_themselves(project: Project) -> None:
    """An error anywhere in the trace; a complaint about it; a condition of one's own. The rest is drawn."""
    root, call, _ = trace_of(agent_span(trace_id=out(1)), llm_span(), tool_span("look", status="error"))
    sad, liked = llm_span(trace_id=out(2)), llm_span(trace_id=out(3))
    vip, drawn = llm_span(trace_id=out(4), user_id="vip"), llm_span(trace_id=IN)
    broken_tool = tool_span("look", status="error", trace_id=out(1))
    settings = project(
        [root, call, broken_tool, sad, liked, vip, drawn],
        [score_row(sad, "feedback", 0.0), score_row(liked, "feedback", 1.0)],
        keep=["errors", "negative_feedback", "user_id = 'vip'"],
    )
    score_online(settings, now=NOW)
    assert ledger(settings) == {
        call.span_id: ("scored", 1.0, "errors"),
        sad.span_id: ("scored", 1.0, "negative_feedback"),
        liked.span_id: ("sampled_out", None, None),
        vip.span_id: ("scored", 1.0, "user_id = 'vip'"),
        drawn.span_id: ("scored", pytest.approx(10.0), None),
    }
    with Store.of(settings).read() as reader:
        assert {row.span_id: row.weight for row in reader.scores() if row.source == "online"} == {
            call.span_id: 1.0,
            sad.span_id: 1.0,
            vip.span_id: 1.0,
            drawn.span_id: pytest.approx(10.0),
        }


def test_the_first_traces_of_each_prompt_version_are_kept_every_day(project: Project) -> None:
    """By arrival, by UTC day, whatever the draw says; a prompt without a version is no rare one."""
    midnight = NOW.replace(hour=0)
    v1 = [_version(n, "v1", NOW + timedelta(seconds=n)) for n in range(5)]
    v2 = [_version(10 + n, "v2", midnight + timedelta(minutes=n - 2)) for n in range(4)]
    none = _version(99, None, NOW)
    settings = project([*v1, *v2, none], rare=1)
    score_online(settings, now=NOW + timedelta(minutes=1))
    kept = {span for span, (outcome, _, _) in ledger(settings).items() if outcome == "scored"}
    assert kept == {v1[0].span_id, v2[0].span_id, v2[2].span_id}
    assert ledger(settings)[v1[0].span_id] == ("scored", 1.0, "rare_prompt_versions")


def test_what_was_decided_stays_decided(project: Project) -> None:
    """An earlier arrival that shows up later is kept as well, and takes nobody's place away."""
    first, second = _version(1, "v1", NOW), _version(2, "v1", NOW + timedelta(seconds=1))
    settings = project([first, second], rare=1)
    score_online(settings, now=NOW)
    project([_version(3, "v1", NOW - timedelta(seconds=1))])
    score_online(settings, now=NOW)
    assert sorted(outcome for outcome, _, _ in ledger(settings).values()) == ["sampled_out", "scored", "scored"]


def test_a_complaint_after_the_draw_is_scored_and_stands_for_nothing(project: Project) -> None:
    """Others were drawn to stand for its trace. It is scored once."""
    span, other = llm_span(trace_id=out(1)), llm_span(trace_id=out(2))
    settings = project([span, other])
    score_online(settings, now=NOW)
    later = NOW + timedelta(hours=3)
    project(scores=[score_row(span, "feedback", 0.0, created_at=later)])
    assert score_online(settings, now=later).attempts == 1
    assert score_online(settings, now=later + timedelta(minutes=1)).attempts == 0
    assert ledger(settings) == {
        span.span_id: ("scored", 0.0, "negative_feedback"),
        other.span_id: ("sampled_out", None, None),
    }


def test_an_error_that_arrives_after_the_draw_is_scored_too(project: Project) -> None:
    """The span that failed came late."""
    call, late = llm_span(trace_id=out(1)), tool_span("look", trace_id=out(1), status="error")
    settings = project([call])
    score_online(settings, now=NOW)
    later = NOW + timedelta(minutes=5)
    project([late.model_copy(update={"ingested_at": later})])
    score_online(settings, now=later)
    assert ledger(settings) == {call.span_id: ("scored", 0.0, "errors")}


def test_stored_weights_give_the_rate_of_production_back(project: Project) -> None:
    """2,000 traces with errors that mostly fail: a tenth is looked at, and the rate is right within its interval."""
    spans = [llm_span(output="Yes." if n % 20 else "Certainly not.", status="ok" if n % 20 else "error", trace_id=
                      f"{n * 2654435761 % 2**32:08x}" * 4) for n in range(2000)]  # fmt: skip
    settings = project(spans)
    score_online(settings, limit=2000, seconds=60, now=NOW)
    with Store.of(settings).read() as reader:
        rows = reader.rows("SELECT trace_id, weight, passed FROM rated_scores WHERE name = 'short'")
    found = weighted_rate(cluster_sums((row["trace_id"], row["weight"], row["passed"]) for row in rows))
    assert found is not None
    assert 200 < len(rows) < 400
    assert found.interval.low <= 0.95 <= found.interval.high
    assert sum(row["passed"] for row in rows) / len(rows) < 0.8


def test_a_larger_sample_holds_the_smaller_and_weighs_less() -> None:
    """The weights are 2^56 / (2^56 - T)."""
    weights = {rate: share.weight for rate in (0.01, 0.1, 0.5, 1.0) if (share := draw(IN, rate)) is not None}
    assert weights == pytest.approx({0.01: 100, 0.1: 10, 0.5: 2, 1.0: 1})
    assert draw(OUT, 0.99) is None
    assert draw(OUT, 0.0, "errors") == (1.0, "errors")


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ("error", "rule 'r': keep = 'error' is none of errors, negative_feedback, rare_prompt_versions; did you mean"),
        ("a; b", "rule 'r': keep = 'a; b': it holds a ';'"),
        ("userid = 'x'", "rule 'r': keep = \"userid = 'x'\": "),
    ],
)  # fmt: skip
def test_a_mistake_in_keep_names_the_entry(project: Project, keep: str, said: str) -> None:
    """One line; the rule does not run."""
    settings = project([llm_span()], keep=[keep])
    report = score_online(settings, now=NOW)
    assert said in (report.rules[0].error or "")
    assert "where" not in (report.rules[0].error or "")
    with pytest.raises((ConfigError, UsageError), match="keep = "):
        (read_rules if "userid" not in keep else check_rules)(settings)


def _version(n: int, version: str | None, at: datetime) -> Span:
    return llm_span(trace_id=out(n), prompt_name="answer", prompt_version=version, ingested_at=at)
