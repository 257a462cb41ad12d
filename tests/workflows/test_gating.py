"""The gate on stored experiments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, StoreError
from otel_i2e.models import CaseRun, Experiment, JudgeStanding, Policy
from otel_i2e.store import Store
from otel_i2e.workflows.experiments import list_experiments
from otel_i2e.workflows.gating import decide_gate, preview


def test_the_latest_experiment_is_decided_and_the_decision_kept(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """An id, a dataset, or the latest of all."""
    keep(experiment("exp-1", passes=True), experiment("exp-2", minutes=1))
    assert decide_gate(settings).decision.experiment_id == "exp-2"
    assert decide_gate(settings).decision.verdict == "fail"
    assert decide_gate(settings, experiment="exp-1").decision.verdict == "pass"
    assert decide_gate(settings, dataset="refunds").decision.experiment_id == "exp-2"
    assert [(row["experiment_id"], row["decision"]) for row in list_experiments(settings)] == [
        ("exp-2", "fail"), ("exp-1", "pass"),
    ]  # fmt: skip


def test_without_an_experiment_there_is_no_decision(settings: Settings, tmp_path: Path) -> None:
    """One line that says how to make one; never a pass."""
    with pytest.raises(NotFound, match="i2e eval DATASET"):
        decide_gate(settings)
    with pytest.raises(NotFound, match="exp-9"):
        decide_gate(settings, experiment="exp-9")
    nowhere = Settings(store=str(tmp_path / "none.duckdb"))
    with pytest.raises(NotFound, match="i2e eval DATASET"):
        decide_gate(nowhere)
    with pytest.raises(StoreError, match="nothing is stored yet"):
        decide_gate(nowhere, experiment="exp-9")


def test_a_pass_of_another_commit_is_none_of_this_one(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    keep: Callable[..., None],
    experiment: Callable[..., Experiment],
) -> None:
    """Nobody measured what lies here: undecided, and it says why. A fail stays one, and a named one is decided."""
    keep(experiment("exp-1", passes=True, commit="a" * 12), experiment("exp-2", minutes=1, dataset="red"))
    monkeypatch.setattr("otel_i2e.workflows.gating.commit_of", lambda: "b" * 12)
    gated = decide_gate(settings, dataset="refunds")
    assert gated.decision.verdict == "undecided"
    assert "which was not evaluated: i2e eval, or name the experiment" in gated.decision.reasons[0]
    assert [row["decision"] for row in list_experiments(settings, dataset="refunds")] == ["undecided"]
    assert decide_gate(settings, dataset="red").decision.verdict == "fail"
    named = decide_gate(settings, experiment="exp-1")
    assert named.decision.verdict == "pass"
    assert "the experiment was made at commit" in named.decision.reasons[-1]
    monkeypatch.setattr("otel_i2e.workflows.gating.commit_of", lambda: "a" * 12 + "-dirty")
    assert decide_gate(settings, dataset="refunds").decision.verdict == "pass"


def test_a_dataset_is_named_by_its_file_too(
    settings: Settings, tmp_path: Path, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """As `i2e eval` takes it, whether the file is there or not."""
    keep(experiment("exp-1"), experiment("exp-2", minutes=1, dataset="other"))
    for name in ("refunds", "refunds.jsonl", "evals/refunds.jsonl", str(tmp_path / "refunds.jsonl")):
        assert decide_gate(settings, dataset=name).decision.experiment_id == "exp-1"
        assert [row["experiment_id"] for row in list_experiments(settings, dataset=name)] == ["exp-1"]


def test_a_preview_records_nothing(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """What `i2e eval` shows is no decision."""
    made = experiment("exp-1")
    keep(made)
    assert preview(made, Policy()).verdict == "fail"
    assert list_experiments(settings)[0]["decision"] is None


def test_judges_with_a_standing_block(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment], run: Callable[..., CaseRun]
) -> None:
    """The store says which identity may."""
    judged = run("P0", passed=False)
    judged = judged.model_copy(update={"attempts": (judged.attempts[0].model_copy(update={"model": "claude-x"}),)})
    keep(experiment("exp-1", runs=[judged, run("P1", passed=True), run("P2", passed=True)]))
    assert decide_gate(settings).decision.cases[0].action == "override"
    with Store.of(settings).write() as writer:
        writer.add_standing(
            JudgeStanding(
                scorer="s", scorer_version="1", model="claude-x", may_block=True, created_at=datetime.now(UTC)
            )
        )
    assert decide_gate(settings).decision.cases[0].action == "block"


def test_a_standing_that_came_with_the_project_counts(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment], run: Callable[..., CaseRun]
) -> None:
    """As in CI, where the store is new; for its identity and model, and no other."""
    judged = run("P0", passed=False)
    judged = judged.model_copy(update={"attempts": (judged.attempts[0].model_copy(update={"model": "claude-x"}),)})
    keep(experiment("exp-1", runs=[judged, run("P1", passed=True), run("P2", passed=True)]))
    standing = JudgeStanding(
        scorer="s", scorer_version="1", model="claude-y", may_block=True, created_at=datetime.now(UTC)
    )
    file = Path(settings.datasets) / "standings.jsonl"
    file.parent.mkdir(exist_ok=True)
    file.write_text(standing.model_dump_json())
    assert decide_gate(settings).decision.cases[0].action == "override"
    file.write_text(standing.model_copy(update={"model": "claude-x"}).model_dump_json())
    assert decide_gate(settings).decision.cases[0].action == "block"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE experiment_runs SET attempts = NULL", "runs.0.attempts"),
        ("UPDATE experiment_runs SET attempts = '{\"a\": 1}'", "runs.0.attempts"),
        ("UPDATE experiment_runs SET status = 'great'", "runs.0.status"),
        ("UPDATE experiments SET cases = '[{\"id\": 1}]'", "cases.0.id"),
        ("UPDATE experiments SET repeats = NULL", "repeats"),
        ("UPDATE experiments SET metadata = '3'", "metadata"),
    ],
)
def test_a_damaged_record_is_one_line_and_no_decision(
    settings: Settings, change: str, where: str, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """Which experiment, where in it, and what to do."""
    keep(experiment("exp-1", passes=True))
    with duckdb.connect(str(settings.store_path)) as connection:
        connection.execute(change)
    with pytest.raises(StoreError, match=rf"the record of exp-1 does not validate at {where}: .*i2e eval$"):
        decide_gate(settings)
