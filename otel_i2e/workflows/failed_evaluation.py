"""An evaluation that ended before it could record anything, as the gate must know: an older one says nothing of it.

A misspelt option, or a store that is held by somebody, leaves no experiment. Without a note, "the latest experiment"
would be the one before, and the gate would pass what was never measured.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from otel_i2e.config import Settings, load_settings
from otel_i2e.errors import I2EError
from otel_i2e.models import Experiment
from otel_i2e.workflows.revision import commit_of

__all__ = ["failed_since", "note_failure"]


def note_failure(arguments: Sequence[str], why: str) -> None:
    """Note beside the store that `i2e eval` with these arguments ended so. A first one needs no note; never raises."""
    with suppress(I2EError, OSError):
        config = _given(arguments, "--config")
        settings = load_settings(config=Path(config) if config else None, store=_given(arguments, "--store"))
        if settings.store_path.exists():
            at = datetime.now(UTC).isoformat()
            _note(settings).write_text(json.dumps({"at": at, "arguments": list(arguments), "why": why}) + "\n")


def failed_since(settings: Settings, dataset: str | None, latest: Experiment | None) -> Experiment | None:
    """An experiment in which nothing could run, when an evaluation failed after `latest` began; else None.

    `dataset` asks for those that named it only; a note that cannot be read counts.
    """
    note = _note(settings)
    if not note.exists():
        return None
    at, named, why = _read(note)
    if latest is not None and (at <= latest.created_at or latest.metadata.get("refused") == why):
        return None
    if dataset is not None and named is not None and named != dataset:
        return None
    return Experiment(
        experiment_id=f"exp-{at:%Y%m%d-%H%M%S}-failed",
        dataset=named or (latest.dataset if latest is not None else ""),
        dataset_hash="",
        task="",
        repeats=1,
        commit=commit_of(),
        created_at=at,
        cases=(),
        metadata={"refused": why},
    )


def _note(settings: Settings) -> Path:
    return settings.store_path.with_name(settings.store_path.name + ".eval-failed.json")


def _read(note: Path) -> tuple[datetime, str | None, str]:
    """When, of which dataset when that can be told, and why."""
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        at, arguments, why = datetime.fromisoformat(told["at"]), list(map(str, told["arguments"])), str(told["why"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return datetime.now(UTC), None, f"{str(note)!r} says that one failed, and cannot be read: {error}"
    return at, _dataset(arguments), why


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
