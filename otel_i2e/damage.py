"""What was found damaged: put beside where it lay, never deleted, with a record for `i2e status` and `i2e repair`.

s.duckdb ──► s.duckdb.damaged-20261120T221500Z  +  s.duckdb.damaged-20261120T221500Z.json
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = ["IN_PLACE", "Damaged", "damaged_beside", "note_saved", "record_of", "set_aside", "write_record"]

_log = logging.getLogger("otel_i2e")
IN_PLACE: Final = ".damaged"
"""What is put behind the name of a part that is damaged where it lies: its record is then `<name>.damaged.json`."""
_SUFFIX: Final = ".json"


class Damaged(NamedTuple):
    """One damaged part."""

    path: Path
    """Where it lies now."""
    what: str
    """`store`, `log` (the store's write-ahead log) or `spool`."""
    at: str
    """When it was found, UTC, ISO 8601."""
    reason: str
    """What was seen."""
    saved: Mapping[str, int] | None
    """What `i2e repair`, or ingest, brought back from it: kind → number; None when nobody tried yet."""
    record: Path
    """The file that says all this."""


def set_aside(part: Path, what: str, reason: str, *, copy: bool = False, followers: tuple[str, ...] = ()) -> Path:
    """Move `part` (with `copy`: copy it) to `<name>.damaged-<time>` and record why; gives the new place.

    `followers` are suffixes of files that belong to it and move with it. Said loudly in the log. Raises OSError.
    """
    place = _free_place(part)
    for suffix in ("", *followers):
        old, new = part.with_name(part.name + suffix), place.with_name(place.name + suffix)
        if old.exists():
            (shutil.copy2 if copy else os.replace)(old, new)
    with suppress(OSError):  # a full disk: the log says it
        write_record(record_of(place), what, reason)
    _log.error("otel-i2e: %s is damaged (%s); set aside as %s; `i2e repair` explains", part, reason, place)
    return place


def record_of(place: Path) -> Path:
    """The record beside a damaged part."""
    return place.with_name(place.name + _SUFFIX)


def write_record(record: Path, what: str, reason: str) -> bool:
    """Write it unless there is one; whether this call wrote it. Whole or not at all, for whoever looks meanwhile."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    fresh = record.with_name(f"{record.name}.{os.getpid()}.new")
    try:
        fresh.write_text(json.dumps({"what": what, "at": at, "reason": reason, "saved": None}) + "\n", encoding="utf-8")
        os.link(fresh, record)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        fresh.replace(record)  # a file system without links
        return True
    finally:
        fresh.unlink(missing_ok=True)
    return True


def note_saved(part: Damaged, saved: Mapping[str, int]) -> None:
    """Record what was brought back from `part`."""
    fields: dict[str, Any] = {"what": part.what, "at": part.at, "reason": part.reason, "saved": dict(saved)}
    fresh = part.record.with_name(f"{part.record.name}.{os.getpid()}.new")
    fresh.write_text(json.dumps(fields) + "\n", encoding="utf-8")
    fresh.replace(part.record)


def damaged_beside(store: Path) -> list[Damaged]:
    """Every damaged part of the store at `store` and of its spool, the oldest first. Raises nothing."""
    try:
        names = [path for path in store.parent.iterdir() if _is_record(path.name, store.name)]
    except OSError:
        return []
    found = [part for path in names if (part := _read(path)) is not None]
    return sorted(found, key=lambda part: (part.at, part.path.name))


def _is_record(name: str, store: str) -> bool:
    return name.startswith(store) and name.endswith(_SUFFIX) and IN_PLACE in name


def _read(record: Path) -> Damaged | None:
    place = record.with_name(record.name.removesuffix(_SUFFIX).removesuffix(IN_PLACE))
    try:
        fields: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        return Damaged(place, fields["what"], fields["at"], fields["reason"], fields["saved"], record)
    except (OSError, ValueError, KeyError, TypeError):
        return Damaged(place, "store", "", "its record cannot be read", None, record) if place.exists() else None


def _free_place(part: Path) -> Path:
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    place = part.with_name(f"{part.name}{IN_PLACE}-{at}")
    again = 1
    while place.exists() or record_of(place).exists():
        again += 1
        place = part.with_name(f"{part.name}{IN_PLACE}-{at}-{again}")
    return place
