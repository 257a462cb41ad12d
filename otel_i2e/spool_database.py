"""The SQLite file of the spool: its tables, how it is opened, which errors say that it is damaged."""

from __future__ import annotations

import sqlite3  # noqa: TID251 -- the spool's file is opened here
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from otel_i2e.spool_files import ROW
from otel_i2e.sqlite_pages import PAGE_BYTES

__all__ = ["ADD_BATCH", "ADD_COUNT", "connect", "give_back", "is_damage", "transaction", "used_bytes"]

ADD_BATCH: Final = f"INSERT INTO batches ({ROW}) VALUES (?, ?, ?, ?, ?, ?)"
"""Takes a batch, its columns as in `ROW`."""
ADD_COUNT: Final = (
    "INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT (counter, reason) DO UPDATE SET n = n + excluded.n"
)
"""Takes counter, reason and what is added."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  signal TEXT NOT NULL, encoding TEXT NOT NULL, items INTEGER NOT NULL,
  received_at REAL NOT NULL, body BLOB NOT NULL, checksum INTEGER
);
CREATE TABLE IF NOT EXISTS counters (
  counter TEXT NOT NULL, reason TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (counter, reason)
);
"""
_BUSY_SECONDS: Final = 5.0
_VACUUM_BYTES: Final = 67_108_864
"""Of free pages, above which they are given back to the file system."""
_OWN_PAGES: Final = 5
"""Of an empty queue: what SQLite keeps of itself and the counters."""
_LOG_BYTES: Final = 4_194_304
"""Of the write-ahead log, at which its pages are moved into the file."""
_BROKEN_SCHEMA: Final = (
    "malformed",
    "no such",
    "has no column",
    "unsupported file format",
    "syntax error",
    "unrecognized",
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the file at `path`, made and brought to the present tables. Raises sqlite3.Error, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.text_factory = _text
    try:
        _prepare(db)
    except BaseException:
        db.close()
        raise
    return db


def _text(stored: bytes) -> str:
    """Damaged text must not hold up what follows it."""
    return stored.decode("utf-8", "replace")


def _prepare(db: sqlite3.Connection) -> None:
    """Make the file ready. Switching to WAL ignores the busy timeout, so several first openers take turns here."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            db.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file; an earlier one keeps its own
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL").fetchone()
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA journal_size_limit = 16777216").fetchone()
            db.execute(f"PRAGMA wal_autocheckpoint = {_LOG_BYTES // _pragma(db, 'page_size')}").fetchone()
            db.executescript(_SCHEMA)
            _add_checksum(db)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _add_checksum(db: sqlite3.Connection) -> None:
    """Into a spool of an earlier version, which has none."""
    if "checksum" not in [row[1] for row in db.execute("PRAGMA table_info(batches)").fetchall()]:
        try:
            db.execute("ALTER TABLE batches ADD COLUMN checksum INTEGER")
        except sqlite3.OperationalError as error:
            if "duplicate column" not in str(error):  # another process did so at the same moment
                raise


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that bytes of the file are not what was written."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return True
    return code == sqlite3.SQLITE_ERROR and any(sign in str(error) for sign in _BROKEN_SCHEMA)


@contextmanager
def transaction(db: sqlite3.Connection) -> Generator[None]:
    """What is done within is done whole or not at all; nobody else writes meanwhile."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # the error that brought us here is the one to report
            db.execute("ROLLBACK")
        raise


def used_bytes(db: sqlite3.Connection) -> int:
    """Bytes of pages that hold batches: constant time, and close to the sum of the bodies."""
    pages = _pragma(db, "page_count") - _pragma(db, "freelist_count") - _OWN_PAGES
    return max(0, pages) * _pragma(db, "page_size")


def give_back(db: sqlite3.Connection) -> None:
    """Give free pages to the file system, where there are many."""
    if _pragma(db, "freelist_count") * _pragma(db, "page_size") > _VACUUM_BYTES:
        db.execute("PRAGMA incremental_vacuum").fetchall()


def _pragma(db: sqlite3.Connection, name: str) -> int:
    """The number that `PRAGMA name` answers."""
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
