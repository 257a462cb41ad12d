"""Evaluations that recorded nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Case, Experiment
from otel_i2e.store import Store
from otel_i2e.workflows.evaluation_notes import forget_begun, note_begun, note_failure
from otel_i2e.workflows.experiments import list_experiments
from otel_i2e.workflows.failed_evaluation import failed_since
from otel_i2e.workflows.gating import decide_gate

NOW = datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store with a name that a pattern would read otherwise."""
    settings = Settings(store=str(tmp_path / "i2e[1].duckdb"))
    with Store.of(settings).write() as writer:
        writer.add_experiment(_experiment("exp-1", NOW))
    return settings


def _experiment(experiment_id: str, at: datetime, dataset: str = "refunds") -> Experiment:
    return Experiment.model_validate(
        {
            "experiment_id": experiment_id,
            "dataset": dataset,
            "dataset_hash": "0" * 12,
            "task": "app:answer",
            "repeats": 1,
            "created_at": at,
            "cases": (),
        }
    )


def test_an_evaluation_that_began_later_is_what_the_gate_decides_on(settings: Settings) -> None:
    """It runs still or was killed: undecided, and nothing is recorded of it. Another dataset's gate does not mind."""
    note_begun(settings, "exp-2", "refunds", NOW + timedelta(seconds=1))
    gated = decide_gate(settings)
    assert (gated.decision.verdict, gated.decision.experiment_id) == ("undecided", "exp-2")
    assert gated.decision.reasons[0].endswith(
        "has not ended: it is still running, or it was killed; wait for it, or run it again"
    )
    assert [row["experiment_id"] for row in list_experiments(settings)] == ["exp-1"]
    assert failed_since(settings, "refunds", _experiment("exp-1", NOW)) is not None
    assert failed_since(settings, "returns", _experiment("exp-1", NOW)) is None


def test_a_stored_experiment_takes_its_note_back_and_older_ones_of_its_dataset(settings: Settings) -> None:
    """A later one, and one of another dataset, still count."""
    latest = _experiment("exp-1", NOW)
    for number, dataset in ((2, "refunds"), (3, "returns"), (4, "refunds"), (5, "refunds")):
        note_begun(settings, f"exp-{number}", dataset, NOW + timedelta(seconds=number))
    forget_begun(settings, "exp-4", "refunds", NOW + timedelta(seconds=4))
    found = failed_since(settings, "refunds", latest)
    assert found is not None
    assert found.experiment_id == "exp-5"
    forget_begun(settings, "exp-5", "refunds", NOW + timedelta(seconds=5))
    assert failed_since(settings, "refunds", latest) is None
    assert failed_since(settings, "returns", latest) is not None


def test_an_evaluation_that_began_before_the_latest_says_nothing(settings: Settings) -> None:
    """What was killed has been run again."""
    note_begun(settings, "exp-0", "refunds", NOW - timedelta(seconds=1))
    assert failed_since(settings, None, _experiment("exp-1", NOW)) is None


def test_a_note_that_cannot_be_read_counts(settings: Settings) -> None:
    """And is named, so that it can be deleted."""
    note_begun(settings, "exp-2", "refunds", NOW)
    (note,) = settings.store_path.parent.glob("*.eval-begun-*")
    note.write_text("{")
    found = failed_since(settings, None, _experiment("exp-1", NOW))
    assert found is not None
    assert str(note) in found.metadata["refused"]


def test_what_another_dataset_lacks_is_not_forgotten(settings: Settings) -> None:
    """Killed or misspelt, and then this dataset was evaluated: undecided, until it is evaluated or not asked about."""
    for dataset in ("returns", "billing"):
        note_failure(
            ["eval", f"{dataset}.jsonl", "--repaet", "3", "--store", settings.store], f"no option in {dataset}"
        )
    note_begun(settings, "exp-killed", "shipping", NOW)
    later = datetime.now(UTC)
    _add(settings, _experiment("exp-2", later))
    reasons = " ".join(decide_gate(settings).decision.reasons)
    assert [f"dataset {name} was to be" in reasons for name in ("returns", "billing", "shipping")] == [True] * 3
    assert "i2e gate --dataset refunds decides without it" in reasons
    for name in ("billing", "shipping", "returns"):
        again = _experiment(f"exp-{name}", later, name)
        _add(settings, again.model_copy(update={"cases": (Case(id="a", input="q"),)}))
    _add(settings, _experiment("exp-3", later + timedelta(seconds=1)))
    assert "was to be" not in " ".join(decide_gate(settings).decision.reasons)


def test_a_refusal_of_another_dataset_counts_until_a_gate_was_asked_about_it(settings: Settings) -> None:
    """A name that was misspelt is never evaluated again; the note and the record of one refusal are one thing."""
    refusal = _experiment("exp-2", NOW + timedelta(milliseconds=1), "refnds")
    _add(settings, refusal.model_copy(update={"metadata": {"refused": "there is no dataset"}}))
    note_failure(["eval", "refnds.jsonl", "--store", settings.store], "there is no dataset")
    _add(settings, _experiment("exp-3", datetime.now(UTC)))
    for _ in range(2):
        assert "there is no dataset" in " ".join(decide_gate(settings).decision.reasons)
    assert "there is no dataset" not in " ".join(decide_gate(settings, dataset="refunds").decision.reasons)
    assert decide_gate(settings, dataset="refnds").decision.verdict == "undecided"
    assert "there is no dataset" not in " ".join(decide_gate(settings).decision.reasons)


def _add(settings: Settings, experiment: Experiment) -> None:
    with Store.of(settings).write() as writer:
        writer.add_experiment(experiment)
