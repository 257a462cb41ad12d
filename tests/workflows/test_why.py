"""Why a span has a score or none: an answer for every rule and scorer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.cli.main import main
from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, UsageError
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, row_of, score_row, trace_of
from otel_i2e.workflows.scoring import score_online
from otel_i2e.workflows.status import status
from otel_i2e.workflows.why import why

NOW = datetime.now(UTC)
SCORERS = """
from otel_i2e import scorer

@scorer
def short(output: str) -> bool:
    return len(output) < 5

@scorer
def raises(output: str) -> bool:
    return 1 / 0
"""
STEPS = """
@scorer
def steps(trace: list) -> float:
    return float(len(trace))

@scorer
def shorter(output: str) -> bool:
    return len(output) < 3
"""
_TRACES = (("Hi", "f" * 14), ("Goodbye", "0" * 14), ("Farewell", "0" * 14))
"""Outputs and ends of trace ids: one that a sample of a tenth draws, two that it does not."""
RULES: list[dict[str, Any]] = [
    {"name": "all", "scorers": ["short", "raises"]},
    {"name": "none", "where": "kind = 'tool'", "scorers": ["short"]},
    {"name": "sampled", "sample": 0.0, "scorers": ["short"]},
    {"name": "spent", "daily_budget": 0, "scorers": ["short"]},
    {"name": "wrong", "where": "kindd = 'llm'", "scorers": ["short"]},
]


def project(folder: Path, *spans: Span, at: datetime = NOW) -> Settings:
    """A store with these spans and the rules above."""
    (folder / "scorers.py").write_text(SCORERS)
    settings = Settings(
        store=str(folder / "i2e.duckdb"), scorers=(str(folder / "scorers.py"),), rules=tuple(RULES), source=""
    )
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span.model_copy(update={"ingested_at": at})) for span in spans])
    return settings


def test_every_rule_and_scorer_has_an_answer_with_denominators(tmp_path: Path) -> None:
    """Scored, broken, not matched, left out, over budget, and a rule that is wrong."""
    span, mute = llm_span("q", "Hey"), llm_span("q", None, content_state="missing")
    settings = project(tmp_path, span, mute)
    score_online(settings, now=NOW)
    found = {(one.rule, one.scorer): one for one in why(settings, span.span_id[:10], now=NOW)}
    assert {key: one.outcome for key, one in found.items()} == {
        ("all", "short"): "scored",
        ("all", "raises"): "error",
        ("none", None): "no_match",
        ("sampled", "short"): "sampled_out",
        ("spent", "short"): "over_budget",
        ("wrong", None): "broken_rule",
    }
    assert (found["all", "short"].scored, found["all", "short"].considered) == (1, 2)
    assert (found["all", "raises"].scored, found["all", "raises"].considered) == (0, 2)
    assert "ZeroDivisionError" in found["all", "raises"].reason
    assert "kindd" in found["wrong", None].reason
    (answer, *_) = why(settings, mute.span_id, now=NOW)
    assert (answer.outcome, "no output text" in answer.reason) == ("no_content", True)


def test_what_was_not_tried_has_a_reason_too(tmp_path: Path) -> None:
    """Not yet, no longer, a repeat of another span, a span of an experiment."""
    fresh, repeat, run = llm_span(), llm_span(duplicate_of="ab" * 8), llm_span(experiment_id="exp-1")
    settings = project(tmp_path, fresh, repeat, run)
    old = llm_span()
    project(tmp_path, old, at=NOW - timedelta(days=2))
    said = {span.span_id: why(settings, span.span_id, now=NOW)[0] for span in (fresh, repeat, run, old)}
    assert [one.outcome for one in said.values()] == ["waiting", "not_scored_online", "not_scored_online", "too_old"]
    assert "i2e score --rule all" in said[old.span_id].reason
    assert "exp-1" in said[run.span_id].reason
    assert said[fresh.span_id].at is None


def test_a_changed_scorer_is_said(tmp_path: Path) -> None:
    """The score is there, by a version that is no more."""
    span = llm_span("q", "Hey")
    settings = project(tmp_path, span)
    score_online(settings, now=NOW)
    (tmp_path / "scorers.py").write_text(SCORERS.replace("< 5", "< 50"))
    assert "the scorer is" in why(settings, span.span_id, now=NOW)[0].reason


def test_a_span_that_is_not_there_is_named(tmp_path: Path) -> None:
    """And a beginning of several."""
    settings = project(tmp_path, llm_span(span_id="ab" * 8), llm_span(span_id="ac" * 8))
    with pytest.raises(NotFound, match="'zz' is neither"):
        why(settings, "zz")
    with pytest.raises(UsageError, match="several spans"):
        why(settings, "a")


def test_status_warns_of_a_rule_that_scored_nothing_in_the_last_hour(tmp_path: Path) -> None:
    """Spans match, none was scored; a rule that scores is not warned of."""
    settings = project(tmp_path, llm_span("q", "Hey"), at=NOW - timedelta(minutes=10))
    assert _silent(settings) == ["all", "spent"]
    score_online(settings, now=NOW)
    assert _silent(settings) == ["spent"]


def test_a_dead_scorer_is_not_hidden_by_another_of_its_rule(tmp_path: Path) -> None:
    """The rule scores by one of its scorers; of the other that breaks, and of one without content, it is said."""
    spans = [llm_span("q", "Hey"), llm_span("q", "Ho")]
    settings = project(tmp_path, *spans, at=NOW - timedelta(minutes=10))
    score_online(settings, now=NOW)
    (line,) = [one for one in status(settings).warnings if "in the last hour" in one and "rule 'all'" in one]
    assert "raises scored none of 2 spans; within a day 0 of 2 scored, 2 errors" in line
    assert "short scored none" not in line
    mute = replace(
        settings, store=str(tmp_path / "mute.duckdb"), rules=({"name": "m", "scorers": ["short", "always"]},)
    )
    (tmp_path / "scorers.py").write_text(f"{SCORERS}\n@scorer\ndef always(span) -> bool:\n    return True\n")
    with Store.of(mute).write() as writer:
        silent = llm_span("q", None, content_state="missing")
        writer.add_spans([row_of(silent.model_copy(update={"ingested_at": NOW - timedelta(minutes=10)}))])
    score_online(mute, now=NOW)
    warnings = status(mute).warnings
    assert any("short scored none of 1 spans; within a day 0 of 1 scored, 1 no content" in one for one in warnings)
    assert any("recorded without content" in one for one in warnings)


def test_a_sampled_score_says_what_it_stands_for(tmp_path: Path) -> None:
    """Drawn, kept as an error, or scored late for a complaint: with weight and reason; the rate is weighted."""
    drawn, failed, sad = (llm_span("q", text, trace_id=f"{n:018x}" + end) for n, (text, end) in enumerate(_TRACES))
    failed = failed.model_copy(update={"status": "error"})
    settings = replace(
        project(tmp_path, drawn, failed, sad), rules=({"name": "r", "sample": 0.1, "scorers": ["short"]},)
    )
    score_online(settings, now=NOW)
    assert "the rule's sample left its trace out" in why(settings, sad.span_id, now=NOW)[0].reason
    with Store.of(settings).write() as writer:
        writer.add_scores([score_row(sad, "feedback", 0.0, created_at=NOW)])
    score_online(settings, now=NOW + timedelta(seconds=1))
    said = {
        span.span_id: why(settings, span.span_id, now=NOW + timedelta(seconds=2))[0] for span in (drawn, failed, sad)
    }
    assert "drawn, it stands for 10 spans" in said[drawn.span_id].reason
    assert "kept by errors" in said[failed.span_id].reason
    assert "kept by negative_feedback, which came after the draw: weight 0" in said[sad.span_id].reason
    (rate,) = (one.rate for one in said[drawn.span_id].pass_rates)
    assert rate.rate == pytest.approx(10 / 11)
    assert (said[drawn.span_id].scored, said[drawn.span_id].considered) == (3, 3)


def test_a_trace_that_is_not_complete_is_said_with_the_time(tmp_path: Path) -> None:
    """No root yet; not at rest; and what came after the score."""
    root, call = trace_of(agent_span(), llm_span())
    rules = ({"name": "r", "scorers": ["steps"], "quiet": 10, "quiet_max": 60},)
    settings = replace(project(tmp_path, call), rules=rules)
    (tmp_path / "scorers.py").write_text(SCORERS + STEPS)
    at = f"{NOW + timedelta(seconds=60):%H:%M:%S} UTC at the latest"
    assert why(settings, call.span_id, now=NOW)[0].reason == f"its trace has no root yet: it is scored by {at}"
    project(tmp_path, root, at=NOW + timedelta(seconds=5))
    (tmp_path / "scorers.py").write_text(SCORERS + STEPS)
    after = NOW + timedelta(seconds=6)
    assert why(settings, call.span_id, now=after)[0].reason == f"its trace must rest for 10 s: it is scored by {at}"
    score_online(settings, now=NOW + timedelta(seconds=20))
    late = llm_span(trace_id=root.trace_id, parent_span_id=root.span_id)
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(late)])
    assert "1 spans of its trace came later" in why(settings, call.span_id, now=NOW + timedelta(seconds=30))[0].reason
    assert any(
        "were made before their trace was complete; raise quiet (10 s)" in line for line in status(settings).warnings
    )


def test_a_rule_in_shadow_is_shown_beside_the_live_one(tmp_path: Path) -> None:
    """In why for a span, in status for all of them."""
    spans = [llm_span("q", text) for text in ("Hi", "Hey", "Hello", "Goodbye")]
    settings = project(tmp_path, *spans)
    (tmp_path / "scorers.py").write_text(SCORERS + STEPS)
    live = {"name": "live", "scorers": ["short"]}
    settings = replace(
        settings, rules=(live, {"name": "next", "scorers": ["shorter"], "shadow": True, "beside": "short"})
    )
    score_online(settings, now=NOW)
    assert (
        "in shadow: it says fail (0); short, live, says pass (1)" in why(settings, spans[1].span_id, now=NOW)[1].reason
    )
    (_, shadow) = status(settings).rules
    assert shadow.shadow
    (one,) = shadow.scorers
    assert one.beside is not None
    assert one.beside.line() == (
        "beside short on 4 spans: 3 alike, it alone passes 0, short alone 1; pass rate 25 % against 50 %"
    )
    assert one.line() == "4 of 4 scored, pass rate 25 % (5–70 %)"


def _silent(settings: Settings) -> list[str]:
    lines = [line for line in status(settings).warnings if "of the last hour match and none was scored" in line]
    return [rule["name"] for rule in RULES if any(f"rule '{rule['name']}'" in line for line in lines)]


def test_the_command_shows_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row for each rule and scorer; without rules it says so."""
    span = llm_span("q", "Hey")
    settings = project(tmp_path, span)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "i2e.toml").write_text('scorers = ["scorers.py"]\n[[rules]]\nname = "all"\nscorers = ["short"]\n')
    score_online(settings, now=NOW)
    with pytest.raises(SystemExit):
        main(["why", span.span_id, "--store", settings.store])
    assert "all\tshort\tscored\t1 of 1\t100 %\tit has a score" in capsys.readouterr().out
    (tmp_path / "i2e.toml").write_text("")
    with pytest.raises(SystemExit):
        main(["why", span.span_id, "--store", settings.store])
    assert "No online rules" in capsys.readouterr().out
