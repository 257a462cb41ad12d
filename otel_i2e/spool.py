"""The durable queue: OTLP bytes on their way into the store, in one SQLite file beside it.

Any number of processes put; one at a time drains. `put` returns when the bytes are on disk
(`synchronous=FULL`), so what was acknowledged survives `kill -9` and a power cut. A batch leaves the
queue only by `done`, after its rows were committed elsewhere; a crash in between hands it out again,
and the store's idempotence makes that harmless.

    put ──► batches ──► claim (one drainer) ──► store ──► done
"""

from __future__ import annotations

import sqlite3  # noqa: TID251 -- this is the one place
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple

from otel_i2e.errors import SpoolError, SpoolFull
from otel_i2e.forks import closed_in_child, fork_guard, process_token
from otel_i2e.losses import remedy, why_unwritable

__all__ = ["Batch", "Encoding", "Signal", "Spool", "SpoolStats"]

Signal = Literal["traces", "logs"]
Encoding = Literal["protobuf", "json"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  signal TEXT NOT NULL, encoding TEXT NOT NULL, items INTEGER NOT NULL,
  received_at REAL NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS counters (
  counter TEXT NOT NULL, reason TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (counter, reason)
);
"""
_BUSY_SECONDS: Final = 5.0
_VACUUM_PAGES: Final = 16_384  # 64 MiB of free pages are given back to the file system
_left_behind: list[sqlite3.Connection] = []  # a parent's connections: a child must neither use nor close them


class Batch(NamedTuple):
    """One OTLP request as it was put."""

    id: int
    """Grows by time of arrival."""
    signal: Signal
    """Which OTLP service the body is for."""
    encoding: Encoding
    """How the body is encoded."""
    items: int
    """Spans or log records in it, as the sender counted them."""
    received_at: float
    """Seconds since the epoch."""
    body: bytes
    """`ExportTraceServiceRequest` or `ExportLogsServiceRequest`."""


class SpoolStats(NamedTuple):
    """What waits."""

    batches: int
    items: int
    """Spans and log records."""
    bytes: int
    """Size of the waiting bodies."""
    oldest_seconds: float | None
    """Age of the oldest batch; None when nothing waits."""


class Spool:
    """The queue at `path`. Safe for threads, processes and forks; opens its file on first use."""

    def __init__(self, path: Path, *, max_bytes: int = 2_000_000_000) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = process_token()

    def put(self, body: bytes, *, signal: Signal = "traces", encoding: Encoding = "protobuf", items: int = 1) -> None:
        """Queue one OTLP request; on disk when this returns.

        Raises SpoolFull at the size limit, SpoolError when the file cannot be written; then nothing was taken.
        """
        with self._open() as db:
            waiting = self._used(db)
            if waiting + len(body) > self._max_bytes:
                raise SpoolFull(
                    f"the spool {str(self.path)!r} holds {waiting:,} bytes, its limit is {self._max_bytes:,}; "
                    "is anything moving it into the store? (`i2e status`; I2E_SPOOL_MAX_BYTES raises the limit)"
                )
            db.execute(
                "INSERT INTO batches (signal, encoding, items, received_at, body) VALUES (?, ?, ?, ?, ?)",
                (signal, encoding, items, time.time(), body),
            )

    @contextmanager
    def claim(self, *, max_bytes: int = 16_000_000) -> Generator[list[Batch]]:
        """The oldest batches, up to `max_bytes` and at least one, while no other process may drain.

        Empty when nothing waits or somebody else drains. Call `done` before leaving; what was not
        done is handed out again.
        """
        with self._sole_drainer() as mine:
            yield self._oldest(max_bytes) if mine else []

    def done(self, batches: Sequence[Batch]) -> None:
        """Take `batches` off the queue: their rows are committed."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                db.executemany("DELETE FROM batches WHERE id = ?", [(batch.id,) for batch in batches])
                db.execute("COMMIT")
            except BaseException:
                _roll_back(db)
                raise
            if _pragma(db, "freelist_count") > _VACUUM_PAGES:
                db.execute("PRAGMA incremental_vacuum").fetchall()

    def count(self, counter: str, reason: str = "", n: int = 1) -> None:
        """Add `n` to a durable counter, such as `dropped` / `queue full`."""
        with self._open() as db:
            db.execute(
                "INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT (counter, reason) DO UPDATE SET n = n + excluded.n",
                (counter, reason, n),
            )

    def counters(self) -> dict[tuple[str, str], int]:
        """Every counter: (counter, reason) → total since the spool was made."""
        with self._open() as db:
            return {(counter, reason): n for counter, reason, n in db.execute("SELECT * FROM counters").fetchall()}

    def stats(self) -> SpoolStats:
        """What waits now."""
        with self._open() as db:
            batches, items, size, oldest = db.execute(
                "SELECT count(*), coalesce(sum(items), 0), coalesce(sum(length(body)), 0), min(received_at) "
                "FROM batches"
            ).fetchone()
        return SpoolStats(batches, items, size, None if oldest is None else max(0.0, time.time() - oldest))

    def close(self) -> None:
        """Close this process's connection; a later call opens it again."""
        with fork_guard, self._lock:
            if self._connection is not None and self._owner == process_token():
                self._connection.close()
            self._connection = None

    def _oldest(self, max_bytes: int) -> list[Batch]:
        batches: list[Batch] = []
        size = 0
        with self._open() as db:
            cursor = db.execute("SELECT id, signal, encoding, items, received_at, body FROM batches ORDER BY id")
            for row in cursor:
                batches.append(Batch(*row))
                size += len(batches[-1].body)
                if size >= max_bytes:
                    break
            cursor.close()
        return batches

    @contextmanager
    def _sole_drainer(self) -> Generator[bool]:
        import portalocker

        path = self.path.with_name(self.path.name + ".claim")
        if not path.parent.exists():
            yield False
            return
        with path.open("a") as handle, closed_in_child(handle):
            try:
                portalocker.lock(handle, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
            except portalocker.LockException:
                yield False
                return
            try:
                yield True
            finally:
                portalocker.unlock(handle)

    def _used(self, db: sqlite3.Connection) -> int:
        """Bytes of pages in use: constant time, and close to the sum of the bodies."""
        return (_pragma(db, "page_count") - _pragma(db, "freelist_count")) * _pragma(db, "page_size")

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        with fork_guard, self._lock:
            try:
                if self._connection is not None and self._owner != process_token():
                    _left_behind.append(self._connection)
                    self._connection = None
                if self._connection is None:
                    self._connection = _connect(self.path)
                    self._owner = process_token()
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                self._drop()
                raise _spool_error(self.path, error) from error

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):  # the error that brought us here is the one to report
                connection.close()


def _spool_error(path: Path, error: sqlite3.Error | OSError) -> SpoolError:
    """The error with what the operating system says, which SQLite keeps to itself."""
    cause = error if isinstance(error, OSError) else why_unwritable(path)
    reason = str(error) if cause is None else cause.strerror or str(cause)
    said = reason if cause is None or cause is error else f"{error}: {reason}"
    todo = "check the file; `i2e status` says more" if cause is None else remedy(cause)
    return SpoolError(
        f"cannot use the spool {str(path)!r}: {said}; nothing was taken; {todo}", reason=reason, remedy=todo
    )


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _prepare(db)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    """Make the file ready. Switching to WAL ignores the busy timeout, so several first openers take turns here."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL").fetchone()
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA journal_size_limit = 16777216").fetchone()
            db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _roll_back(db: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # the error that brought us here is the one to report
        db.execute("ROLLBACK")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
