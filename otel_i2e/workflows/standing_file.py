"""The project's file of what judges have earned: one JSON object a line, for a checkout whose store knows of none.

A line speaks for one identity of a judge and the model that answered, as a row of `judge_standings` does; the later of
the two counts, so that a judge that was suspended here stays suspended.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, UsageError
from otel_i2e.models import JudgeStanding
from otel_i2e.models.json_text import loads_strict
from otel_i2e.store import Reader, Store

__all__ = ["STANDINGS", "known_standings", "record_standing"]

STANDINGS: Final = "standings.jsonl"
"""The file's name; it lies beside the datasets and is none of them."""


def known_standings(settings: Settings, reader: Reader) -> list[JudgeStanding]:
    """Those of the store and of the project's file. DatasetError, naming file and line, for a broken line."""
    return [*reader.standings(), *_read(_path(settings))]


def record_standing(settings: Settings, scorer: str) -> Path:
    """Put the store's latest standing of a judge into the project's file, in place of what it said of that judge.

    UsageError when several models answered: such a standing is bound to none.
    """
    with Store.of(settings).read() as reader:
        mine = [one for one in reader.standings() if one.scorer == scorer]
    latest = max(mine, key=lambda one: one.created_at)
    if latest.model is None:
        raise UsageError(f"several models answered for {scorer!r}, so its standing is not recorded; pin one")
    path = _path(settings)
    kept = {one.scorer: one for one in _read(path)} | {scorer: latest}
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    aside.write_text("".join(f"{kept[name].model_dump_json()}\n" for name in sorted(kept)), encoding="utf-8")
    aside.replace(path)
    return path


def _path(settings: Settings) -> Path:
    return Path(settings.datasets) / STANDINGS


def _read(path: Path) -> list[JudgeStanding]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise DatasetError(f"{path}: cannot read the standings of judges: {reason}") from None
    return [_one(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _one(line: str, place: str) -> JudgeStanding:
    try:
        loads_strict(line)
        found = JudgeStanding.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"]) or "line"
        said = f"{field}: {problem['msg']}"
    except ValueError as error:
        said = str(error)
    else:
        if found.model is not None:
            return found
        said = "model: it names none, and a standing belongs to one"
    raise DatasetError(f"{place}: not a standing: {said}; i2e calibrate JUDGE --record writes it anew")
