"""No report averages two identities: the same scorer version, answered by two models, is two in every report.

A judge passes what is good as `m-1`, and fails what is bad as `m-2`: a rate that is neither 0 nor 1 mixed them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Attempt, Case, CaseRun, Experiment, Outcome, Policy, Score
from otel_i2e.store import Store
from otel_i2e.testing import MessagesRequest, MessagesServer, Reply, llm_span, row_of
from otel_i2e.workflows.comparing import compare_experiments
from otel_i2e.workflows.identities import scorer_history
from otel_i2e.workflows.queries import find_query, list_queries, run_query
from otel_i2e.workflows.rule_rates import rule_scorers
from otel_i2e.workflows.rule_status import scorers_of_rules
from otel_i2e.workflows.scoring import score_online
from otel_i2e.workflows.why import why

NOW = datetime.now(UTC)
TONE = """+++
fields = ["output"]
threshold = 1.0
model = "claude-sonnet-5"
[choices]
good = 1
bad = 0
+++
Is it good?
"""
SPANS = [
    llm_span("q", f"{kind} {k}", prompt_name="p", prompt_version="1").model_copy(update={"ingested_at": NOW})
    for kind in ("good", "bad")
    for k in range(4)
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A project in which a rule has scored, and one in shadow beside it."""
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "tone.md").write_text(TONE)

    def script(request: MessagesRequest) -> Reply:
        is_good = "\ngood " in request.question
        answer = Reply.json({"reasoning": "r", "choice": "good" if is_good else "bad"})
        return replace(answer, model="m-1" if is_good else "m-2")

    rules = ({"name": "live", "scorers": ["tone"]}, {"name": "next", "scorers": ["tone"], "shadow": True})
    made = Settings(store=str(tmp_path / "s.duckdb"), rules=rules, source=str(tmp_path / "i2e.toml"))
    with MessagesServer(script) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        with Store.of(made).write() as writer:
            writer.add_spans([row_of(span) for span in SPANS])
        report = score_online(made, now=NOW)
        assert report.attempts == 2 * len(SPANS)
        yield made


def test_a_pass_of_scoring_says_that_two_models_answered(settings: Settings) -> None:
    """It counts one pass; it gives no rate."""
    with Store.of(settings).write() as writer:
        writer.add_spans(
            [row_of(llm_span("q", f"{kind} again").model_copy(update={"ingested_at": NOW})) for kind in ("good", "bad")]
        )
    tally = score_online(settings, now=NOW + timedelta(seconds=1)).rules[0].tallies[0]
    assert tally.models == ("m-1", "m-2")
    assert "(by 2 models: m-1, m-2)" in tally.summary


def test_queries_of_the_library_keep_them_apart(settings: Settings) -> None:
    """A row for each."""
    for name in ("daily_quality", "by_prompt_version"):
        found = run_query(settings, find_query(name, settings), {})
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        assert {(row["judge_model"], row["pass_rate"], row["mean_score"]) for row in rows} == {
            ("m-1", 1.0, 1.0),
            ("m-2", 0.0, 0.0),
        }, name


def test_each_query_with_a_rate_of_scores_says_whose_it_is(settings: Settings) -> None:
    """Version and model, in all of the library, and in what is added to it."""
    rates = {"pass_rate", "mean_score", "avg_score"}
    seen = 0
    for listed in list_queries(settings):
        query = listed.query
        assert query is not None, listed.problem
        columns = set(run_query(settings, query, {}).columns)
        if columns & rates:
            seen += 1
            assert {"scorer_version", "judge_model"} <= columns, query.name
    assert seen >= 2


def test_history_status_and_why_keep_them_apart(settings: Settings) -> None:
    """A pass rate for each model that answered."""
    history = scorer_history(settings, "tone")
    assert {(one.model, one.pass_rate) for one in history} == {("m-1", 1.0), ("m-2", 0.0)}
    with Store.of(settings).read() as reader:
        for one in rule_scorers(reader, NOW + timedelta(seconds=5)):
            assert {(found.model, found.rate.rate) for found in one.pass_rates} == {("m-1", 1.0), ("m-2", 0.0)}
            assert "by m-1" in one.line()
    (answer, _) = why(settings, SPANS[0].span_id, now=NOW + timedelta(seconds=5))
    assert {(found.model, found.rate.rate) for found in answer.pass_rates} == {("m-1", 1.0), ("m-2", 0.0)}


def test_a_rule_in_shadow_stands_beside_one_model(settings: Settings) -> None:
    """The one that answered last, on the spans of that one."""
    with Store.of(settings).read() as reader:
        found = [one for one in scorers_of_rules(settings, reader, NOW + timedelta(seconds=5)) if one.shadow]
    (beside,) = [one.beside for one in found]
    assert beside is not None
    assert beside.spans == 4
    assert (beside.model, beside.live_rate) in {("m-1", 1.0), ("m-2", 0.0)}


def test_compared_experiments_keep_them_apart(settings: Settings) -> None:
    """Repeats of one case that two models judged have two means."""
    runs = tuple(
        CaseRun(
            case_id="a", repeat=repeat, status="ok", output="x",
            attempts=(
                Attempt(
                    scorer="tone", scorer_version="1", outcome=Outcome.SCORED, score=Score(value=value),
                    passed=value >= 0.5, threshold=0.5, model=model,
                ),
            ),
        )
        for repeat, (value, model) in enumerate([(1.0, "m-1"), (1.0, "m-1"), (0.0, "m-2")])
    )  # fmt: skip
    ids = ("exp-a", "exp-b")
    with Store.of(settings).write() as writer:
        for one in ids:
            writer.add_experiment(
                Experiment(
                    experiment_id=one, dataset="d", dataset_hash="0" * 12, task="app:answer", repeats=3,
                    created_at=NOW, cases=(Case(id="a", input="q", must=["y"]),), runs=runs,
                )
            )  # fmt: skip
    (case,) = compare_experiments(settings, *ids, Policy()).cases
    assert case.a is not None
    assert case.a.scores == {"tone@1 by m-1": 1.0, "tone@1 by m-2": 0.0}
