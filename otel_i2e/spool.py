"""The durable queue: OTLP bytes on their way into the store, in one SQLite file beside it.

Any number of processes put; one at a time drains. `put` returns when the bytes are on disk
(`synchronous=FULL`), so what was acknowledged survives `kill -9` and a power cut. A batch leaves the
queue only by `done`, after its rows were committed elsewhere; a crash in between hands it out again,
and the store's idempotence makes that harmless.

    put ──► batches ──► claim (one drainer) ──► store ──► done

A file that is found damaged is left where it lies and the next one begun (`spool_connection.py`); `recover` puts what
is intact in it into the queue again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, cast

from otel_i2e.errors import SpoolFull
from otel_i2e.forks import closed_in_child, process_token
from otel_i2e.spool_connection import SpoolConnection, spool_error
from otel_i2e.spool_database import ADD_BATCH, ADD_COUNT, give_back, transaction, used_bytes
from otel_i2e.spool_files import ROW, spool_checksum

__all__ = ["Batch", "Encoding", "Request", "Signal", "Spool", "SpoolStats"]

Signal = Literal["traces", "logs"]
Encoding = Literal["protobuf", "json"]

_POLL: Final = 0.01  # seconds between two tries to be the one who drains


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
        self._database = SpoolConnection(path)
        self._claimed = 0  # the connection's `turns` at the claim
        self._max_bytes = max_bytes
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
        with self._database.open() as db:
            waiting = used_bytes(db)
            if waiting + sum(len(one.body) for one in requests) > self._max_bytes:
                raise SpoolFull(self._full(waiting))
            came = Counter[str]()
            for one in requests:
                if one.source:
                    came[one.source] += one.items
            if len(rows) == 1 and not came:
                last = db.execute(ADD_BATCH, rows[0]).lastrowid or 0
            else:
                with transaction(db):  # within one the ids follow each other
                    db.executemany(ADD_BATCH, rows)
                    last = int(db.execute("SELECT last_insert_rowid()").fetchone()[0])
                    db.executemany(ADD_COUNT, [("received", source, n) for source, n in came.items()])
            is_kept = self._database.is_present()
        if not is_kept:  # left by another process, or deleted, meanwhile: nobody may look here again
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
                self._database.recover()
            yield self._read(0, max_bytes) if mine else []

    def after(self, batch: Batch, *, max_bytes: int = 16_000_000) -> list[Batch]:
        """The batches that follow `batch`, as many as `claim` would give. Inside of `claim` only."""
        return self._read(batch.id, max_bytes)

    def done(self, batches: Sequence[Batch], counts: Mapping[tuple[str, str], int] | None = None) -> None:
        """Take `batches`, which this spool claimed, off the queue: their rows are committed.

        `counts` are added to the counters, (counter, reason) → n, in the same transaction.
        """
        with self._database.open() as db:
            if self._database.turns != self._claimed:  # left for a new one, which knows other batches by these ids
                return
            with transaction(db):
                db.executemany("DELETE FROM batches WHERE id = ?", [(batch.id,) for batch in batches])
                db.executemany(ADD_COUNT, [(*key, n) for key, n in (counts or {}).items() if n])
            give_back(db)

    def count(self, counter: str, reason: str = "", n: int = 1) -> None:
        """Add `n` to a durable counter, such as `dropped` / `queue full`."""
        with self._database.open() as db:
            db.execute(ADD_COUNT, (counter, reason, n))

    def counters(self) -> dict[tuple[str, str], int]:
        """Every counter: (counter, reason) → total since the spool was made."""
        with self._database.open() as db:
            return {(counter, reason): n for counter, reason, n in db.execute("SELECT * FROM counters").fetchall()}

    def size(self) -> int:
        """About how many bytes wait; cheaper than `stats`."""
        with self._database.open() as db:
            return used_bytes(db)

    def stats(self) -> SpoolStats:
        """What waits now."""
        with self._database.open() as db:
            batches, items, size, oldest = db.execute(
                "SELECT count(*), CAST(total(items) AS INTEGER), coalesce(sum(length(body)), 0), "
                "min(CAST(received_at AS REAL)) FROM batches"
            ).fetchone()
        return SpoolStats(batches, items, size, None if oldest is None else max(0.0, time.time() - oldest))

    def why_full(self) -> str | None:
        """Why a request of usual size would not be taken now; None when there is room for one. Raises SpoolError."""
        with self._database.open() as db:
            waiting = used_bytes(db)
        return self._full(waiting) if waiting + min(_USUAL_BYTES, self._max_bytes // 16) > self._max_bytes else None

    def close(self) -> None:
        """Close this process's connection; a later call opens it again."""
        self._database.close()

    def _read(self, after: int, max_bytes: int) -> list[Batch]:
        batches: list[Batch] = []
        size = 0
        with self._database.open() as db:
            if not after:
                self._claimed = self._database.turns
            elif self._database.turns != self._claimed:  # see `done`
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
        return self._database.unsound()

    def leave(self, reason: str) -> None:
        """Begin a new file, because the present one is damaged; `recover` brings back what is intact in it."""
        self._database.leave(reason)

    def recover(self) -> int:
        """Put what can be read in damaged files, which were left, into the present one; the batches put again.

        0 when there is nothing to recover, or another process does. What was stored before may come again, which the
        store's idempotence makes harmless.
        """
        with self.sole_drainer() as mine:
            return self._database.recover() if mine else 0

    @contextmanager
    def sole_drainer(self, timeout: float = 0.0) -> Generator[bool]:
        """Whether no other process drains, after `timeout` seconds at most; none does until the block ends.

        Within it, this thread may ask again. Raises SpoolError where it may not be asked: on a read-only disk.
        """
        me = (process_token(), threading.get_ident())
        if self._drains == me:
            yield True
            return
        path = self.path.with_name(self.path.name + ".claim")
        if not path.parent.exists():
            yield False
            return
        try:
            handle = path.open("a")
        except OSError as error:  # a store that may be read but not written
            raise spool_error(path, error) from error
        with handle, closed_in_child(handle):
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
