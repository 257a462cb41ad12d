"""Past experiments under another policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Attempt, Case, CaseRun, Experiment, JudgeStanding, Outcome, Override, Policy, Score
from otel_i2e.store import Store
from otel_i2e.workflows.backtest import backtest

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Three runs of ten P2 cases: all pass; all pass; six fail."""
    settings = Settings(store=str(tmp_path / "i2e.duckdb"))
    with Store.of(settings).write() as writer:
        for number, failing in enumerate((0, 0, 6)):
            writer.add_experiment(_experiment(f"exp-{number}", number, failing))
    return settings


def _experiment(experiment_id: str, minutes: int, failing: int, **fields: object) -> Experiment:
    cases = [Case.model_validate({"id": f"c{i}", "input": "x", "must": ["y"], "priority": "P2"}) for i in range(10)]
    runs = [_run(case.id, passed=number >= failing) for number, case in enumerate(cases)]
    return Experiment.model_validate(
        {
            "experiment_id": experiment_id,
            "dataset": "refunds",
            "dataset_hash": "0" * 12,
            "task": "app:answer",
            "repeats": 1,
            "created_at": NOW + timedelta(minutes=minutes),
            "cases": cases,
            "runs": runs,
        }
        | fields
    )


def _run(case_id: str, *, passed: bool) -> CaseRun:
    attempt = Attempt(
        scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=Score(value=float(passed)), passed=passed
    )
    return CaseRun(case_id=case_id, repeat=0, status="ok", attempts=(attempt,))


def test_which_would_it_have_stopped(settings: Settings) -> None:
    """The latest first, with the reason; nothing is recorded."""
    found = backtest(settings, Policy(suite_threshold=0.0))
    assert [(one.experiment_id, one.verdict) for one in found] == [
        ("exp-2", "pass"), ("exp-1", "pass"), ("exp-0", "pass"),
    ]  # fmt: skip
    found = backtest(settings, Policy(), limit=2)
    assert [one.verdict for one in found] == ["fail", "pass"]
    assert found[0].reason.startswith("suite fast: 4 of 10")
    assert found[0].recorded is None
    with Store.of(settings).read() as reader:
        assert reader.rows("SELECT * FROM gate_decisions") == []


def test_each_can_be_compared_with_the_one_before(settings: Settings) -> None:
    """On the same dataset."""
    found = backtest(settings, Policy(suite_threshold=0.0), baseline=True)
    assert [(one.baseline_id, one.verdict) for one in found] == [
        ("exp-1", "fail"), ("exp-0", "pass"), (None, "pass"),
    ]  # fmt: skip
    assert backtest(settings, Policy(), dataset="other") == []


def test_an_override_counts_where_it_was_used(settings: Settings) -> None:
    """It let that release through, and no other; one that nobody used, or that has expired, lets none through."""
    with Store.of(settings).write() as writer:
        for number in range(6):
            writer.add_override(
                Override(
                    experiment_id="exp-2",
                    case_id=f"c{number}",
                    reason="known",
                    by="ada",
                    created_at=NOW,
                    override_id=f"o-{number}",
                    expires_at=NOW + timedelta(hours=1) if number else None,
                )
            )
    assert backtest(settings, Policy(P2="override"), limit=1)[0].verdict == "fail"
    with Store.of(settings).write() as writer:
        for number in range(6):
            assert writer.spend_override(f"o-{number}", "exp-2", NOW + timedelta(minutes=5))
    assert backtest(settings, Policy(P2="override"), limit=1)[0].verdict == "pass"


def test_a_judge_may_block_by_the_file_of_the_project(settings: Settings, tmp_path: Path) -> None:
    """As it may for the gate: the store of a checkout in CI knows of no calibration."""
    settings = replace(settings, datasets=str(tmp_path))
    case = Case.model_validate({"id": "c", "input": "x", "must": ["y"], "priority": "P0"})
    attempt = _run("c", passed=False).attempts[0].model_copy(update={"model": "m-1"})
    run = CaseRun(case_id="c", repeat=0, status="ok", attempts=(attempt,))
    with Store.of(settings).write() as writer:
        writer.add_experiment(_experiment("exp-9", 9, 0, cases=[case], runs=[run]))
    policy = Policy(P1="log", suite_threshold=0.0)
    assert backtest(settings, policy, limit=1)[0].verdict == "pass"
    standing = JudgeStanding(scorer="s", scorer_version="1", model="m-1", may_block=True, created_at=NOW)
    (tmp_path / "standings.jsonl").write_text(standing.model_dump_json())
    assert backtest(settings, policy, limit=1)[0].verdict == "fail"
