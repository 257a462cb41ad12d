"""An evaluation that recorded nothing, as the gate must know: an older one says nothing of it.

A misspelt option, a store that is held by somebody, a process that was killed half-way: none leaves an experiment.
Without a note beside the store, "the latest experiment" would be the one before, and the gate would pass what was
never measured. An evaluation therefore notes that it began, and takes the note back once its experiment is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from otel_i2e.config import Settings
from otel_i2e.gate.wording import line
from otel_i2e.models import Experiment
from otel_i2e.store import Reader
from otel_i2e.workflows.evaluation_notes import Note, notes
from otel_i2e.workflows.experiments import MOST_EXPERIMENTS
from otel_i2e.workflows.revision import commit_of

__all__ = ["failed_elsewhere", "failed_since"]


def failed_since(settings: Settings, dataset: str | None, latest: Experiment | None) -> Experiment | None:
    """An experiment in which nothing could run, when an evaluation after `latest` recorded nothing; else None.

    `dataset` asks for those that named it only; a note that cannot be read counts. Of one that has not ended,
    `metadata` says `unfinished`: it may still be running, so there is nothing to record of it.
    """
    found = [note for note in notes(settings) if _is_news(note, dataset, latest)]
    if not found:
        return None
    note = max(found)
    return Experiment(
        experiment_id=note.experiment_id or f"exp-{note.at:%Y%m%d-%H%M%S}-failed",
        dataset=note.dataset or (latest.dataset if latest is not None else ""),
        dataset_hash="",
        task="",
        repeats=1,
        commit=commit_of(),
        created_at=note.at,
        cases=(),
        metadata={"unfinished" if note.experiment_id else "refused": note.why},
    )


def failed_elsewhere(settings: Settings, reader: Reader, decided: Experiment) -> Iterator[str]:
    """Other datasets than the `decided` one whose last evaluation recorded nothing, a line each.

    A note counts until its dataset is evaluated again; a record that nothing could run, until a gate decided on it.
    """
    latest = {row["dataset"]: row for row in reversed(reader.experiments(limit=MOST_EXPERIMENTS))}
    latest.pop(decided.dataset, None)
    refused = {name: _refused(reader, row) for name, row in latest.items() if row["cases"] == 0}
    why = {name: said for name, said in refused.items() if latest[name]["decision"] is None}
    for note in sorted(notes(settings)):
        if note.dataset in (None, decided.dataset) or refused.get(note.dataset) == note.why:
            continue
        if note.dataset not in latest or note.at > latest[note.dataset]["created_at"]:
            why[note.dataset] = note.why
    for name, said in sorted(why.items()):
        yield (
            f"dataset {line(name, 80)} was to be evaluated as well, and nothing of it is recorded: {line(said)}; "
            f"i2e gate --dataset {line(decided.dataset, 80)} decides without it"
        )


def _refused(reader: Reader, row: Mapping[str, Any]) -> str:
    """Why nothing could run in a stored experiment without cases."""
    return str(reader.experiment(row["experiment_id"]).metadata.get("refused", "it has no cases"))


def _is_news(note: Note, dataset: str | None, latest: Experiment | None) -> bool:
    if latest is not None and (note.at <= latest.created_at or latest.metadata.get("refused") == note.why):
        return False
    return dataset is None or note.dataset in (None, dataset)
