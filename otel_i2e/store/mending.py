"""A store that was found damaged: what is intact is opened, what is not is set aside. Only inside an exclusive lease.

    log damaged at byte n ──► a copy of it set aside, the log cut before that entry ──► opened with what came before
    log not readable      ──► set aside                                             ──► opened without it
    store not readable    ──► set aside with its log                                ──► a new, empty store

Nothing is deleted, and everything is said in the log, in `i2e status` and in a record beside the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from otel_i2e.damage import IN_PLACE, record_of, set_aside, write_record
from otel_i2e.store.faults import damaged, first_line
from otel_i2e.store.write_ahead_log import hidden_damage

__all__ = ["in_place_record", "log_of", "mended", "report", "set_store_aside"]

T = TypeVar("T")
_STEPS: Final = 4
_MAGIC: Final = b"DUCK"
_FRAME: Final = 16


def log_of(store: Path) -> Path:
    """The write-ahead log of the store at `store`; there is one while a lease is open, and after an unclean end."""
    return store.with_name(store.name + ".wal")


def mended(store: Path, open_it: Callable[[], T]) -> T:
    """`open_it()`, after damage was set aside as often as it is found. Raises duckdb.Error when that does not help."""
    log = log_of(store)
    if log.exists() and (seen := hidden_damage(log.read_bytes())) is not None:
        set_aside(log, "log", seen, copy=True)
    for _ in range(_STEPS):
        try:
            return open_it()
        except duckdb.Error as error:
            if not damaged(error):
                raise
            _take_out(store, log, error)
    return open_it()


def set_store_aside(store: Path, reason: str) -> bool:
    """Move the store and its log out of the way; False when there was none, or it may be somebody else's file."""
    if not store.exists() or not _is_ours(store):
        return False
    set_aside(store, "store", reason, followers=(".wal",))
    in_place_record(store).unlink(missing_ok=True)
    return True


def report(store: Path, reason: str, *, writing: bool) -> None:
    """What came up in the middle of the work: whoever writes sets the store aside, since every later write would meet
    the same; whoever reads only records it, since the rest can still be read. `i2e repair` saves that rest.
    """
    if writing:
        set_store_aside(store, reason)
        return
    with suppress(OSError):
        write_record(in_place_record(store), "store", reason)


def in_place_record(store: Path) -> Path:
    """The record of a store that is damaged where it lies."""
    return record_of(store.with_name(store.name + IN_PLACE))


def _take_out(store: Path, log: Path, error: duckdb.Error) -> None:
    """Take out what the error complains of; raises it when that cannot be told."""
    text = str(error)
    found = re.search(r"Corrupt WAL file: entry at byte position (\d+)", text)
    if found is not None and log.exists() and (end := int(found[1]) - _FRAME) > 0:
        if not _only_zeros_after(log, end):  # zeros are what a power cut leaves
            set_aside(log, "log", first_line(error), copy=True)
        os.truncate(log, end)
    elif "WAL" in text and log.exists():
        set_aside(log, "log", first_line(error))
    elif store.exists() and not store.stat().st_size:  # made on a full disk: there is nothing in it
        store.unlink()
    elif not set_store_aside(store, first_line(error)):
        raise error


def _only_zeros_after(log: Path, end: int) -> bool:
    with log.open("rb") as file:
        file.seek(end)
        return not file.read().strip(b"\0")


def _is_ours(store: Path) -> bool:
    """A DuckDB file, or one that a spool lies beside: not whatever file --store happens to name."""
    with store.open("rb") as file:
        head = file.read(12)
    return head[8:] == _MAGIC or store.with_name(store.name + ".spool").exists()
