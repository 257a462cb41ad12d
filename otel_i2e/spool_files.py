"""The files of the spool: the present one, and those before it that were found damaged.

    s.duckdb.spool                 damaged: left where it lies, with `s.duckdb.spool.damaged.json`
    s.duckdb.spool.1               the present one, until it is damaged too

Left, not renamed: other processes may have it open, and SQLite removes a write-ahead log by its name when it closes,
which after a renaming would be the log of the new file. Every process looks whether its file was left before it uses
it, and after it has put something there.
"""

from __future__ import annotations

import logging
import mmap
import os
import shutil
import zlib
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from otel_i2e.damage import IN_PLACE, record_of, write_record
from otel_i2e.sqlite_pages import Frame, Pages, Value, frames, lost_frames, page_sizes, records

__all__ = [
    "BATCH_FIELDS",
    "ROW",
    "abandon",
    "damaged_log",
    "intact_rows",
    "is_abandoned",
    "present_file",
    "spool_checksum",
]

_log = logging.getLogger("otel_i2e")
ROW: Final = "signal, encoding, items, received_at, body, checksum"
"""The columns of a batch behind its id."""
BATCH_FIELDS: Final = 6
_COUNTER_FIELDS: Final = 3
_LOG: Final = "-wal"
_INDEX: Final = "-shm"
_INDEX_BYTES: Final = 136
_HEAD: Final = 100
_KEPT_LOG: Final = IN_PLACE + "-wal"


def spool_checksum(signal: str, encoding: str, items: int, received_at: float, body: bytes) -> int:
    """CRC-32 of a batch with what is said about it."""
    return zlib.crc32(body, zlib.crc32(f"{signal} {encoding} {items} {received_at!r}".encode()))


def present_file(path: Path) -> Path:
    """The file that the spool at `path` uses now."""
    file, number = path, 0
    while is_abandoned(file):
        number += 1
        file = path.with_name(f"{path.name}.{number}")
    return file


def is_abandoned(file: Path) -> bool:
    """Whether `file` was found damaged and left."""
    return os.path.exists(_record(file))  # noqa: PTH110 -- asked twice for every request


def abandon(file: Path, reason: str) -> None:
    """Leave `file` for the next one, with a copy of its log, which SQLite may still throw away. Raises OSError."""
    if is_abandoned(file):
        return
    log = file.with_name(file.name + _LOG)
    with suppress(FileNotFoundError):
        shutil.copyfile(log, file.with_name(file.name + _KEPT_LOG))
    if write_record(_record(file), "spool", reason):
        _log.error(
            "otel-i2e: the spool %s is damaged (%s); it stays there, a new one is begun, and what is intact in it is "
            "moved over; `i2e repair` explains",
            file,
            reason,
        )


def damaged_log(file: Path) -> str | None:
    """What is wrong with the write-ahead log of `file` that SQLite would pass over without a word.

    Only while this process has no connection to `file`: closing SQLite's index here would drop the locks on it.
    """
    log = file.with_name(file.name + _LOG)
    with suppress(FileNotFoundError, NotADirectoryError):
        index = file.with_name(file.name + _INDEX).read_bytes()[:_INDEX_BYTES]
        content = log.read_bytes()
        if lost := lost_frames(content, index):
            with log.open("rb") as again:  # begun anew while it was read, it is a mixture that means nothing
                if again.read(32) == content[:32]:
                    return f"{lost:,} pages of its write-ahead log are not what was written"
    return None


def intact_rows(file: Path) -> Generator[list[Any]]:
    """The batches (`ROW`) and counters that can be read in a damaged file, each batch once."""
    seen: set[tuple[int, int]] = set()
    counted = False
    for log in (_KEPT_LOG, _LOG):
        for number, values in _records(file, _frames(file.with_name(file.name + log))):
            if (batch := _intact_batch(values)) is not None:
                if (number, batch[-1]) not in seen:
                    seen.add((number, batch[-1]))
                    yield batch
            elif not counted and _is_counter(values):
                yield values
        counted = True


def _record(file: Path) -> Path:
    return record_of(file.with_name(file.name + IN_PLACE))


def _frames(log: Path) -> list[Frame]:
    with suppress(FileNotFoundError):
        return frames(log.read_bytes())
    return []


def _records(file: Path, log: list[Frame]) -> Generator[tuple[int, list[Value]]]:
    with file.open("rb") as opened:
        sizes = page_sizes(opened.read(_HEAD), log)
        if not file.stat().st_size:
            for size in sizes:
                yield from records(Pages(b"", log, size))
            return
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            for size in sizes:
                yield from records(Pages(mapped, log, size))


def _intact_batch(values: list[Value]) -> list[Any] | None:
    if len(values) != BATCH_FIELDS + 1 or values[0] is not None:
        return None
    signal, encoding, items, received_at, body, checksum = values[1:]
    if not (isinstance(body, bytes) and isinstance(items, int) and isinstance(received_at, int | float)):
        return None
    expected = spool_checksum(str(signal), str(encoding), items, float(received_at), body)
    return [signal, encoding, items, float(received_at), body, checksum] if expected == checksum else None


def _is_counter(values: list[Value]) -> bool:
    return len(values) == _COUNTER_FIELDS and [type(value) for value in values] == [str, str, int]
