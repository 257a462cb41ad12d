"""The durable queue: OTLP bytes on their way into the store, in one SQLite file beside it.

Any number of processes put; one at a time drains. `put` returns when the bytes are on disk
(`synchronous=FULL`), so what was acknowledged survives `kill -9` and a power cut. A batch leaves the
queue only by `done`, after its rows were committed elsewhere; a crash in between hands it out again,
and the store's idempotence makes that harmless.

    put ──► batches ──► claim (one drainer) ──► store ──► done

A file that is found damaged is left where it lies and the next one begun (`spool_files.py`); `recover` puts what is
intact in it into the queue again.
"""

from __future__ import annotations

import sqlite3  # noqa: TID251 -- the queue is in SQLite
import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, cast

from otel_i2e.damage import Damaged, damaged_beside, note_saved
from otel_i2e.errors import SpoolError, SpoolFull
from otel_i2e.forks import closed_in_child, fork_guard, process_token
from otel_i2e.losses import remedy, why_unwritable
from otel_i2e.spool_database import connect, is_damage, pragma
from otel_i2e.spool_files import (
    BATCH_FIELDS,
    ROW,
    abandon,
    damaged_log,
    intact_rows,
    is_abandoned,
    present_file,
    spool_checksum,
)

__all__ = ["Batch", "Encoding", "Request", "Signal", "Spool", "SpoolStats"]

Signal = Literal["traces", "logs"]
Encoding = Literal["protobuf", "json"]

_INSERT: Final = "INSERT INTO batches (signal, encoding, items, received_at, body, checksum) VALUES (?, ?, ?, ?, ?, ?)"
_COUNT: Final = "INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT (counter, reason) DO UPDATE SET n = n + excluded.n"
_VACUUM_BYTES: Final = 67_108_864  # of free pages, above which they are given back to the file system
_OWN_PAGES: Final = 5  # of an empty queue: what SQLite keeps of itself and the counters
_POLL: Final = 0.01  # seconds between two tries to be the one who drains
_connecting = threading.Lock()
_users: Counter[Path] = Counter()  # connections of this process to each file
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
    intact: bool = True
    """Whether these are the bytes that were put; False when the disk changed them."""


_USUAL_BYTES: Final = 1_000_000
"""Of a request, roughly: 200 LLM spans."""


class Request(NamedTuple):
    """One OTLP request that is to be put."""

    body: bytes
    signal: Signal = "traces"
    encoding: Encoding = "protobuf"
    items: int = 1
    source: str = ""
    """Where it came from; its items are then counted as `received`, in the transaction that takes it."""


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
        self._file = self._claimed = path
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = process_token()
        self._drains: tuple[int, int] | None = None  # process and thread that are within `sole_drainer`

    def put(
        self,
        body: bytes,
        *,
        signal: Signal = "traces",
        encoding: Encoding = "protobuf",
        items: int = 1,
        source: str = "",
    ) -> None:
        """Queue one OTLP request; on disk when this returns. See `Request`.

        Raises SpoolFull at the size limit, SpoolError when the file cannot be written; then nothing was taken.
        """
        self.put_together([Request(body, signal, encoding, items, source)])

    def put_together(self, requests: Sequence[Request]) -> range:
        """Queue several requests with one wait for the disk; all are on disk when this returns, or none was taken.

        Gives the ids of their batches. Raises as `put`.
        """
        received = time.time()
        rows = [
            (*row, spool_checksum(*row))
            for row in ((one.signal, one.encoding, one.items, received, one.body) for one in requests)
        ]
        with self._open() as db:
            waiting = self._used(db)
            if waiting + sum(len(one.body) for one in requests) > self._max_bytes:
                raise SpoolFull(self._full(waiting))
            came = Counter[str]()
            for one in requests:
                if one.source:
                    came[one.source] += one.items
            if len(rows) == 1 and not came:
                last = db.execute(_INSERT, rows[0]).lastrowid or 0
            else:
                last = _insert_all(db, rows, [("received", source, n) for source, n in came.items()])
            file = self._file
        if is_abandoned(file):  # by another process, meanwhile: nobody may look here again
            return self.put_together(requests)
        return range(last - len(rows) + 1, last + 1)

    @contextmanager
    def claim(self, *, max_bytes: int = 16_000_000) -> Generator[list[Batch]]:
        """The oldest batches, up to `max_bytes` and at least one, while no other process may drain.

        Begins with what `recover` does. Empty when nothing waits or somebody else drains. Call `done` before
        leaving; what was not done is handed out again.
        """
        with self.sole_drainer() as mine:
            if mine:
                self._recover_all()
            yield self._read(0, max_bytes) if mine else []

    def after(self, batch: Batch, *, max_bytes: int = 16_000_000) -> list[Batch]:
        """The batches that follow `batch`, as many as `claim` would give. Inside of `claim` only."""
        return self._read(batch.id, max_bytes)

    def done(self, batches: Sequence[Batch], counts: Mapping[tuple[str, str], int] | None = None) -> None:
        """Take `batches`, which this spool claimed, off the queue: their rows are committed.

        `counts` are added to the counters, (counter, reason) → n, in the same transaction.
        """
        with self._open() as db:
            if self._file != self._claimed:  # left for a new one, which knows other batches by these ids
                return
            db.execute("BEGIN IMMEDIATE")
            try:
                db.executemany("DELETE FROM batches WHERE id = ?", [(batch.id,) for batch in batches])
                db.executemany(_COUNT, [(*key, n) for key, n in (counts or {}).items() if n])
                db.execute("COMMIT")
            except BaseException:
                _roll_back(db)
                raise
            if pragma(db, "freelist_count") * pragma(db, "page_size") > _VACUUM_BYTES:
                db.execute("PRAGMA incremental_vacuum").fetchall()

    def count(self, counter: str, reason: str = "", n: int = 1) -> None:
        """Add `n` to a durable counter, such as `dropped` / `queue full`."""
        with self._open() as db:
            db.execute(_COUNT, (counter, reason, n))

    def counters(self) -> dict[tuple[str, str], int]:
        """Every counter: (counter, reason) → total since the spool was made."""
        with self._open() as db:
            return {(counter, reason): n for counter, reason, n in db.execute("SELECT * FROM counters").fetchall()}

    def size(self) -> int:
        """About how many bytes wait; cheaper than `stats`."""
        with self._open() as db:
            return self._used(db)

    def stats(self) -> SpoolStats:
        """What waits now."""
        with self._open() as db:
            batches, items, size, oldest = db.execute(
                "SELECT count(*), CAST(total(items) AS INTEGER), coalesce(sum(length(body)), 0), "
                "min(CAST(received_at AS REAL)) FROM batches"
            ).fetchone()
        return SpoolStats(batches, items, size, None if oldest is None else max(0.0, time.time() - oldest))

    def why_full(self) -> str | None:
        """Why a request of usual size would not be taken now; None when there is room for one. Raises SpoolError."""
        with self._open() as db:
            waiting = self._used(db)
        return self._full(waiting) if waiting + min(_USUAL_BYTES, self._max_bytes // 16) > self._max_bytes else None

    def close(self) -> None:
        """Close this process's connection; a later call opens it again."""
        with fork_guard, self._lock:
            if self._owner == process_token():
                self._drop()
            self._connection = None

    def _read(self, after: int, max_bytes: int) -> list[Batch]:
        batches: list[Batch] = []
        size = 0
        with self._open() as db:
            if not after:
                self._claimed = self._file
            elif self._file != self._claimed:  # see `done`
                return []
            cursor = db.execute(f"SELECT id, {ROW} FROM batches WHERE id > ? ORDER BY id", (after,))
            for number, *row in cursor:
                batches.append(_batch(number, row))
                size += len(batches[-1].body)
                if size >= max_bytes:
                    break
            cursor.close()
        return batches

    def unsound(self) -> str | None:
        """What SQLite finds wrong when it reads every page; None when nothing is."""
        with self._open() as db:
            said = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)").fetchall()]
        return None if said == ["ok"] else "; ".join(" ".join(line.split()) for line in said)

    def leave(self, reason: str) -> None:
        """Begin a new file, because the present one is damaged; `recover` brings back what is intact in it."""
        with self._open():
            abandon(self._file, reason)

    def recover(self) -> int:
        """Put what can be read in damaged files, which were left, into the present one; the batches put again.

        0 when there is nothing to recover, or another process does. What was stored before may come again, which the
        store's idempotence makes harmless.
        """
        with self.sole_drainer() as mine:
            return self._recover_all() if mine else 0

    def _recover_all(self) -> int:
        with self._open():  # finds damage that nobody has met yet
            pass
        parts = damaged_beside(self.path) if is_abandoned(self.path) else []
        return sum(self._recover(part) for part in parts if part.what == "spool" and part.saved is None)

    def _recover(self, part: Damaged) -> int:
        batches = 0
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                for row in intact_rows(part.path):
                    if len(row) == BATCH_FIELDS:
                        db.execute(f"INSERT INTO batches ({ROW}) VALUES (?, ?, ?, ?, ?, ?)", row)
                        batches += 1
                    else:
                        db.execute(_COUNT, row)
                db.execute("COMMIT")
            except BaseException:
                _roll_back(db)
                raise
        note_saved(part, {"batches": batches})
        return batches

    @contextmanager
    def sole_drainer(self, timeout: float = 0.0) -> Generator[bool]:
        """Whether no other process drains, after `timeout` seconds at most; none does until the block ends.

        Within it, this thread may ask again.
        """
        me = (process_token(), threading.get_ident())
        if self._drains == me:
            yield True
            return
        path = self.path.with_name(self.path.name + ".claim")
        if not path.parent.exists():
            yield False
            return
        with path.open("a") as handle, closed_in_child(handle):
            if not _locked(handle, time.monotonic() + timeout):
                yield False
                return
            self._drains = me
            try:
                yield True
            finally:
                self._drains = None
                _unlock(handle)

    def _full(self, waiting: int) -> str:
        return (
            f"the spool {str(self.path)!r} holds {waiting:,} bytes, its limit is {self._max_bytes:,}; "
            "is anything moving it into the store? (`i2e status`; I2E_SPOOL_MAX_BYTES raises the limit)"
        )

    def _used(self, db: sqlite3.Connection) -> int:
        """Bytes of pages that hold batches: constant time, and close to the sum of the bodies."""
        pages = pragma(db, "page_count") - pragma(db, "freelist_count") - _OWN_PAGES
        return max(0, pages) * pragma(db, "page_size")

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        with fork_guard, self._lock:
            try:
                yield self._connected()
            except (sqlite3.Error, OSError) as error:
                if isinstance(error, sqlite3.Error) and is_damage(error):
                    abandon(self._file, str(error))
                self._drop()
                raise _spool_error(self.path, error) from error

    def _connected(self) -> sqlite3.Connection:
        """This process's connection to the present file; a damaged file is left for the next."""
        if self._connection is not None and self._owner != process_token():
            _left_behind.append(self._connection)
            self._connection = None
        if self._connection is not None and is_abandoned(self._file):
            self._drop()
        while self._connection is None:
            with _connecting:
                self._connection = self._first_sound()
            self._owner = process_token()
        return self._connection

    def _first_sound(self) -> sqlite3.Connection | None:
        """A connection to the present file; None when that was found damaged, and left."""
        self._file = present_file(self.path)
        if not _users[self._file] and (seen := damaged_log(self._file)) is not None:
            abandon(self._file, seen)
            return None
        try:
            connection = connect(self._file)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            abandon(self._file, str(error))
            return None
        _users[self._file] += 1
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with _connecting:
                _users[self._file] -= 1
                with suppress(sqlite3.Error):  # the error that brought us here is the one to report
                    connection.close()


def _locked(handle: IO[str], deadline: float) -> bool:
    import portalocker

    while True:
        try:
            portalocker.lock(handle, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
        except portalocker.LockException:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL)
        else:
            return True


def _unlock(handle: IO[str]) -> None:
    import portalocker

    portalocker.unlock(handle)


def _batch(number: int, row: Sequence[Any]) -> Batch:
    signal, encoding, items, received_at, body, checksum = row
    whole = isinstance(body, bytes) and isinstance(signal, str) and isinstance(encoding, str)
    if whole and checksum in (None, spool_checksum(signal, encoding, items, received_at, body)):
        return Batch(number, cast("Signal", signal), cast("Encoding", encoding), items, received_at, body)
    known = isinstance(encoding, str) and encoding in ("protobuf", "json")
    content = body if isinstance(body, bytes) else b""
    told = cast("Encoding", encoding) if known else "protobuf"
    return Batch(number, "traces", told, 1, time.time(), content, intact=False)


def _spool_error(path: Path, error: sqlite3.Error | OSError) -> SpoolError:
    """The error with what the operating system says, which SQLite keeps to itself."""
    cause = error if isinstance(error, OSError) else why_unwritable(path)
    reason = str(error) if cause is None else cause.strerror or str(cause)
    said = reason if cause is None or cause is error else f"{error}: {reason}"
    todo = "check the file; `i2e status` says more" if cause is None else remedy(cause)
    return SpoolError(
        f"cannot use the spool {str(path)!r}: {said}; nothing was taken; {todo}", reason=reason, remedy=todo
    )


def _insert_all(
    db: sqlite3.Connection, rows: Sequence[tuple[object, ...]], counts: Sequence[tuple[str, str, int]]
) -> int:
    """The id of the last one: within one transaction they follow each other."""
    db.execute("BEGIN IMMEDIATE")
    try:
        db.executemany(_INSERT, rows)
        last = int(db.execute("SELECT last_insert_rowid()").fetchone()[0])
        db.executemany(_COUNT, counts)
        db.execute("COMMIT")
    except BaseException:
        _roll_back(db)
        raise
    return last


def _roll_back(db: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # the error that brought us here is the one to report
        db.execute("ROLLBACK")
