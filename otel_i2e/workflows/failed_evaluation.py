"""An evaluation that recorded nothing, as the gate must know: an older one says nothing of it.

A misspelt option, a store that is held by somebody, a process that was killed half-way: none leaves an experiment.
Without a note beside the store, "the latest experiment" would be the one before, and the gate would pass what was
never measured. An evaluation therefore notes that it began, and takes the note back once its experiment is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import Any, NamedTuple

from otel_i2e.config import Settings, load_settings
from otel_i2e.errors import I2EError
from otel_i2e.models import Experiment
from otel_i2e.workflows.revision import commit_of

__all__ = ["failed_since", "forget_begun", "note_begun", "note_failure"]


class _Note(NamedTuple):
    """What a file beside the store says."""

    at: datetime
    dataset: str | None
    """None when that cannot be told."""
    why: str
    experiment_id: str | None = None
    """Of an evaluation that began and has not ended."""


def note_begun(settings: Settings, experiment_id: str, dataset: str, at: datetime) -> None:
    """Note beside the store, which need not be there yet, that an evaluation begins; never raises."""
    with suppress(I2EError, OSError):
        told = {"at": at.isoformat(), "dataset": dataset, "experiment_id": experiment_id}
        _write(_begun(settings, experiment_id), told)


def forget_begun(settings: Settings, experiment_id: str, dataset: str, at: datetime) -> None:
    """Its experiment is stored: take the note back, and those of earlier ones of the dataset that never ended."""
    own = _begun(settings, experiment_id)
    for note in _begun_notes(settings):
        told = _read_begun(note)
        if note == own or (told.at < at and told.dataset == dataset):
            note.unlink(missing_ok=True)


def note_failure(arguments: Sequence[str], why: str) -> None:
    """Note beside the store, which need not be there yet, that `i2e eval` with these arguments failed; never raises."""
    with suppress(I2EError, OSError):
        config = _given(arguments, "--config")
        settings = load_settings(config=Path(config) if config else None, store=_given(arguments, "--store"))
        _write(_note(settings), {"at": datetime.now(UTC).isoformat(), "arguments": list(arguments), "why": why})


def failed_since(settings: Settings, dataset: str | None, latest: Experiment | None) -> Experiment | None:
    """An experiment in which nothing could run, when an evaluation after `latest` recorded nothing; else None.

    `dataset` asks for those that named it only; a note that cannot be read counts. Of one that has not ended,
    `metadata` says `unfinished`: it may still be running, so there is nothing to record of it.
    """
    found = [note for note in _notes(settings) if _is_news(note, dataset, latest)]
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


def _write(note: Path, told: Mapping[str, Any]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(told) + "\n", encoding="utf-8")


def _is_news(note: _Note, dataset: str | None, latest: Experiment | None) -> bool:
    if latest is not None and (note.at <= latest.created_at or latest.metadata.get("refused") == note.why):
        return False
    return dataset is None or note.dataset in (None, dataset)


def _notes(settings: Settings) -> Iterator[_Note]:
    if (note := _note(settings)).exists():
        yield _read(note)
    yield from map(_read_begun, _begun_notes(settings))


def _note(settings: Settings) -> Path:
    return settings.store_path.with_name(settings.store_path.name + ".eval-failed.json")


def _begun(settings: Settings, experiment_id: str) -> Path:
    return settings.store_path.with_name(f"{settings.store_path.name}.eval-begun-{experiment_id}.json")


def _begun_notes(settings: Settings) -> list[Path]:
    store = settings.store_path
    return list(store.parent.glob(f"{escape(store.name)}.eval-begun-*.json"))


def _read(note: Path) -> _Note:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        at, arguments, why = datetime.fromisoformat(told["at"]), list(map(str, told["arguments"])), str(told["why"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _unreadable(note, error)
    return _Note(at, _dataset(arguments), why)


def _read_begun(note: Path) -> _Note:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        at, dataset, experiment_id = (
            datetime.fromisoformat(told["at"]),
            str(told["dataset"]),
            str(told["experiment_id"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _unreadable(note, error)
    why = (
        f"the evaluation of {dataset} that began on {at:%Y-%m-%d at %H:%M:%S} UTC has not ended: it is still running, "
        "or it was killed; wait for it, or run it again"
    )
    return _Note(at, dataset, why, experiment_id)


def _unreadable(note: Path, error: Exception) -> _Note:
    why = f"{str(note)!r} says that one failed, and cannot be read: {error}; i2e eval, and delete the file"
    return _Note(datetime.now(UTC), None, why)


def _dataset(arguments: Sequence[str]) -> str | None:
    """The first word after the verb that is no option: a name or a file of a dataset."""
    first = arguments[1] if len(arguments) > 1 else "-"
    return None if first.startswith("-") else Path(first).stem


def _given(arguments: Sequence[str], option: str) -> str | None:
    for place, word in enumerate(arguments):
        if word.startswith(option + "="):
            return word.partition("=")[2]
        if word == option and place + 1 < len(arguments):
            return arguments[place + 1]
    return None
