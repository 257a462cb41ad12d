"""An evaluation that recorded nothing, as the gate must know: an older one says nothing of it.

A misspelt option, a store that is held by somebody, a process that was killed half-way: none leaves an experiment.
Without a note beside the store, "the latest experiment" would be the one before, and the gate would pass what was
never measured. An evaluation therefore notes that it began, and takes the note back once its experiment is stored.
"""

from __future__ import annotations

from otel_i2e.config import Settings
from otel_i2e.models import Experiment
from otel_i2e.workflows.evaluation_notes import Note, notes
from otel_i2e.workflows.revision import commit_of

__all__ = ["failed_since"]


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


def _is_news(note: Note, dataset: str | None, latest: Experiment | None) -> bool:
    if latest is not None and (note.at <= latest.created_at or latest.metadata.get("refused") == note.why):
        return False
    return dataset is None or note.dataset in (None, dataset)
