"""The project's file of recorded verdicts: one JSON object a line, in order of judge and request, made for diffs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError
from otel_i2e.models import RecordedVerdict
from otel_i2e.models.json_text import loads_strict

__all__ = ["VERDICTS", "read_verdicts", "verdicts_path", "write_verdicts"]

VERDICTS: Final = "verdicts.jsonl"
"""The file's name; it lies beside the datasets and is none of them."""


def verdicts_path(settings: Settings) -> Path:
    """Where the project keeps its verdicts."""
    return Path(settings.datasets) / VERDICTS


def read_verdicts(path: Path) -> dict[str, RecordedVerdict]:
    """The verdicts by request; none when there is no file. DatasetError, naming file and line, for a broken line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise DatasetError(f"{path}: cannot read the recorded verdicts: {reason}") from None
    found: dict[str, RecordedVerdict] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            one = _read(line, f"{path}:{number}")
            before = found.get(one.request, one)
            if before.choice != one.choice:
                said = f"{one.choice!r} on a request that has {before.choice!r} above; delete one of the two lines"
                raise DatasetError(f"{path}:{number}: {said}")
            found[one.request] = one
    return found


def write_verdicts(path: Path, verdicts: Iterable[RecordedVerdict]) -> int:
    """Add verdicts to the file, in place of older ones of the same request; how many it has then."""
    merged = read_verdicts(path) | {one.request: one for one in verdicts}
    ordered = sorted(merged.values(), key=lambda one: (one.judge, one.request))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    aside.write_text("".join(f"{one.model_dump_json()}\n" for one in ordered), encoding="utf-8")
    aside.replace(path)
    return len(ordered)


def _read(line: str, place: str) -> RecordedVerdict:
    try:
        loads_strict(line)
        return RecordedVerdict.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        said = f"{'.'.join(str(part) for part in problem['loc']) or 'line'}: {problem['msg']}"
    except ValueError as error:
        said = str(error)
    raise DatasetError(f"{place}: not a recorded verdict: {said}; delete the line to have it asked again")
