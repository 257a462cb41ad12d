"""Notes beside the store of evaluations that began or failed: what the gate must know although nothing is recorded.

    i2e eval ──► note of the start ──► note that it began ──► experiment stored: the note is taken back
                        └── refused, interrupted: note of the failure

A process that is killed takes no note back. The first note is written before anything large is loaded, so this module
uses the standard library and the settings only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from glob import escape
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, NamedTuple

from otel_i2e.config import Settings, load_settings
from otel_i2e.errors import I2EError

__all__ = ["Note", "forget_begun", "forget_start", "note_begun", "note_failure", "note_start", "notes"]

_PROCESS: Final = token_hex(4)
"""Names the note of this process' start; process ids come again, in a container at once."""


class Note(NamedTuple):
    """What a file beside the store says."""

    at: datetime
    dataset: str | None
    """None when that cannot be told."""
    why: str
    experiment_id: str | None = None
    """Of an evaluation that began and has not ended."""


def note_start(arguments: Sequence[str]) -> None:
    """Note that `i2e eval` with these arguments was started, whatever becomes of it; never raises."""
    at = datetime.now(UTC)
    told = {"at": at.isoformat(), "dataset": _dataset(arguments), "experiment_id": f"exp-{at:%Y%m%d-%H%M%S}-begun"}
    _write_somewhere(arguments, lambda settings: _begun(settings, _PROCESS), told)


def forget_start(arguments: Sequence[str]) -> None:
    """What came of it is on record, in an experiment or in another note; never raises."""
    for settings in _places(arguments):
        with suppress(OSError):
            _begun(settings, _PROCESS).unlink(missing_ok=True)


def note_begun(settings: Settings, experiment_id: str, dataset: str, at: datetime) -> None:
    """Note beside the store, which need not be there yet, that an evaluation begins; never raises.

    It takes the place of the note that this process was started.
    """
    with suppress(I2EError, OSError):
        told = {"at": at.isoformat(), "dataset": dataset, "experiment_id": experiment_id}
        _write(_begun(settings, experiment_id), told)
        _begun(settings, _PROCESS).unlink(missing_ok=True)


def forget_begun(settings: Settings, experiment_id: str, dataset: str, at: datetime) -> None:
    """Its experiment is stored: take the note back, and those of earlier ones of the dataset that never ended."""
    own = _begun(settings, experiment_id)
    for note in _notes(settings, "begun"):
        told = _read_begun(note)
        if note == own or (told.at < at and told.dataset == dataset):
            note.unlink(missing_ok=True)


def note_failure(arguments: Sequence[str], why: str) -> None:
    """Note beside the store, which need not be there yet, that `i2e eval` with these arguments failed; never raises.

    Where the settings cannot be read, or the store's directory cannot be made, beside the store without them.
    """
    told = {"at": datetime.now(UTC).isoformat(), "arguments": list(arguments), "why": why}
    _write_somewhere(arguments, lambda settings: _failed(settings, _dataset(arguments)), told)


def _write(note: Path, told: Mapping[str, Any]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(told) + "\n", encoding="utf-8")


def notes(settings: Settings) -> Iterator[Note]:
    """What was noted beside a store; a note that cannot be read is one of a failure."""
    yield from map(_read, _notes(settings, "failed"))
    yield from map(_read_begun, _notes(settings, "begun"))


def _failed(settings: Settings, dataset: str | None) -> Path:
    """The last failure of a dataset has a file of its own: another dataset says nothing of it."""
    which = f"-{sha256(dataset.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}" if dataset else ""
    return settings.store_path.with_name(f"{settings.store_path.name}.eval-failed{which}.json")


def _begun(settings: Settings, experiment_id: str) -> Path:
    return settings.store_path.with_name(f"{settings.store_path.name}.eval-begun-{experiment_id}.json")


def _notes(settings: Settings, kind: str) -> list[Path]:
    store = settings.store_path
    return list(store.parent.glob(f"{escape(store.name)}.eval-{kind}*.json"))


def _read(note: Path) -> Note:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        at, arguments, why = datetime.fromisoformat(told["at"]), list(map(str, told["arguments"])), str(told["why"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _unreadable(note, error)
    return Note(at, _dataset(arguments), why)


def _read_begun(note: Path) -> Note:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        at, experiment_id = datetime.fromisoformat(told["at"]), str(told["experiment_id"])
        dataset = None if told["dataset"] is None else str(told["dataset"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _unreadable(note, error)
    which = f"the evaluation of {dataset}" if dataset else "an evaluation"
    why = (
        f"{which} that began on {at:%Y-%m-%d at %H:%M:%S} UTC has not ended: it is still running, "
        "or it was killed; wait for it, or run it again"
    )
    return Note(at, dataset, why, experiment_id)


def _unreadable(note: Path, error: Exception) -> Note:
    why = f"{str(note)!r} says that one failed, and cannot be read: {error}; i2e eval, and delete the file"
    return Note(datetime.now(UTC), None, why)


def _dataset(arguments: Sequence[str]) -> str | None:
    """The name of the dataset: the first word after the verb, or the one file of cases among the options."""
    words = [word for word in arguments[1:] if word.endswith(".jsonl")]
    if len(arguments) > 1 and not arguments[1].startswith("-"):
        words = [arguments[1]]
    return Path(words[0]).stem if len(words) == 1 else None


def _write_somewhere(arguments: Sequence[str], note: Callable[[Settings], Path], told: Mapping[str, Any]) -> None:
    for settings in _places(arguments):
        with suppress(OSError):
            _write(note(settings), told)
            return


def _places(arguments: Sequence[str]) -> Iterator[Settings]:
    """The settings that were asked for; those that a gate without them has, where they cannot be used."""
    config, store = _given(arguments, "--config"), _given(arguments, "--store")
    for file, named in ((Path(config) if config else None, store), (None, store), (None, None)):
        with suppress(I2EError):
            yield load_settings(config=file, store=named)


def _given(arguments: Sequence[str], option: str) -> str | None:
    for place, word in enumerate(arguments):
        if word.startswith(option + "="):
            return word.partition("=")[2]
        if word == option and place + 1 < len(arguments):
            return arguments[place + 1]
    return None
