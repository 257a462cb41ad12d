"""What stands beside a decision."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.models import Case, Experiment
from otel_i2e.workflows.dataset_file import dataset_hash
from otel_i2e.workflows.gate_notes import is_stale, moved_on, not_decided, other_commit

A = {"id": "a", "input": "x", "must": ["y"]}
B = {"id": "b", "input": "x", "must": ["y"]}


def _file(*rows: dict[str, Any]) -> None:
    Path("refunds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """An experiment on `refunds.jsonl` with the cases a and b, whole, and the file as it was."""
    monkeypatch.chdir(tmp_path)
    _file(A, B)
    cases = [Case.model_validate(one) for one in (A, B)]
    return Experiment(
        experiment_id="exp-1",
        dataset="refunds",
        dataset_hash=dataset_hash(cases),
        task="app:answer",
        repeats=1,
        commit="abc",
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
        cases=tuple(cases),
        metadata={"dataset_path": "refunds.jsonl", "dataset_cases": 2},
    )


def test_nothing_moved(evaluated: Experiment) -> None:
    """The same commit, the same cases in another order: nothing is said."""
    _file(B, A)
    assert list(moved_on(evaluated)) == []
    assert list(other_commit(evaluated, "abc")) == []
    assert list(other_commit(evaluated, None)) == []


def test_another_commit(evaluated: Experiment) -> None:
    """Both are named."""
    (note,) = other_commit(evaluated, "def")
    assert note == "the experiment was made at commit abc, and the working directory is at def"


def test_changes_on_top_make_no_other_commit(evaluated: Experiment) -> None:
    """A report that the evaluation itself wrote does not make it stale; another commit does."""
    assert [is_stale(evaluated, commit) for commit in ("abc", "abc-dirty", None, "def", "def-dirty")] == [
        False, False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ((A, B, {"id": "new", "input": "x", "must": ["y"], "priority": "P0"}), "(new: new)"),
        ((A, {**B, "must": ["z"]}), "(changed: b)"),
        (({**A, "tags": ["t"]},), "(changed: a; gone: b)"),
    ],
)
def test_a_dataset_that_changed(evaluated: Experiment, rows: tuple[dict[str, Any], ...], says: str) -> None:
    """What is new, changed or gone; the decision is of the cases as they were."""
    _file(*rows)
    (note,) = moved_on(evaluated)
    assert note.startswith(f"refunds.jsonl has changed since it was evaluated {says}; the decision is of the cases")


def test_a_dataset_of_which_a_part_was_evaluated(evaluated: Experiment) -> None:
    """Which of the other lines are new is not on record; that there is a change is."""
    part = evaluated.model_copy(update={"cases": evaluated.cases[:1]})
    assert list(moved_on(part)) == []
    _file(A, {**B, "must": ["z"]})
    (note,) = moved_on(part)
    assert "(cases that were not selected)" in note


def test_a_dataset_that_is_broken_or_gone(evaluated: Experiment) -> None:
    """Said as such."""
    Path("refunds.jsonl").write_text("{")
    (note,) = moved_on(evaluated)
    assert note.startswith("refunds.jsonl has changed since it was evaluated, and is not valid: refunds.jsonl:1")
    Path("refunds.jsonl").unlink()
    (note,) = moved_on(evaluated)
    assert note.startswith("the dataset file refunds.jsonl cannot be read any more")


def test_datasets_whose_latest_experiment_was_not_decided(evaluated: Experiment) -> None:
    """The latest of each other dataset counts; what was decided once is not asked for again."""
    rows = [
        {"dataset": "refunds", "experiment_id": "exp-1", "decision": None},
        {"dataset": "faq", "experiment_id": "exp-0c", "decision": None},
        {"dataset": "faq", "experiment_id": "exp-0b", "decision": "pass"},
        {"dataset": "old", "experiment_id": "exp-0a", "decision": "pass"},
        {"dataset": "old", "experiment_id": "exp-00", "decision": None},
    ]
    (note,) = not_decided(evaluated, rows)
    assert note == "this decides refunds alone; not decided yet: faq (exp-0c); i2e gate --dataset NAME"
    assert list(not_decided(evaluated, rows[2:])) == []
