"""The store as a whole: where it lies, and the three ways in."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from otel_i2e.config import Settings
from otel_i2e.damage import damaged_beside
from otel_i2e.errors import ConfigError, StoreDamaged, StoreError
from otel_i2e.forks import fork_guard, process_token
from otel_i2e.models import QueryResult
from otel_i2e.store.connection import reader, writer
from otel_i2e.store.faults import busy, first_line, store_error
from otel_i2e.store.lease import hold, holder
from otel_i2e.store.mending import mended, report, set_store_aside
from otel_i2e.store.migrate import is_current, migrate
from otel_i2e.store.read import Reader
from otel_i2e.store.references import blob_references
from otel_i2e.store.salvage import salvage, unreadable
from otel_i2e.store.sandbox import Described, Place, describe, parameters, run
from otel_i2e.store.write import Writer

__all__ = ["Store"]

_FIRST_PAUSE: Final = 0.02  # seconds between two attempts to open what somebody else holds open; opening costs CPU
_LONGEST_PAUSE: Final = 0.5


class Store:
    """The DuckDB file at `path`. Nothing is held open: every access is a lease, and waits its turn.

    `compression` is `zstd` or `auto` (DuckDB's choice); `lock_timeout` is in seconds.
    """

    def __init__(self, path: str | Path, *, compression: str = "zstd", lock_timeout: float = 15.0) -> None:
        if str(path).startswith("ducklake:"):
            raise ConfigError(f"store = {str(path)!r}: DuckLake is not supported yet; name a DuckDB file")
        self.path = Path(path).absolute()
        self._compression = compression
        self._lock_timeout = lock_timeout

    @classmethod
    def of(cls, settings: Settings) -> Store:
        """The store that the settings name."""
        return cls(settings.store, compression=settings.compression, lock_timeout=settings.lock_timeout)

    def exists(self) -> bool:
        """Whether anything was ever stored."""
        try:
            return self.path.stat().st_size > 0  # an empty file was made when the disk was full
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise StoreError(f"the store {str(self.path)!r} cannot be looked at: {error.strerror}") from None

    def unreadable(self) -> dict[str, str]:
        """Table → why some of its rows cannot be read; every row is read. Sets nothing aside. Raises StoreError."""
        with self._open(lambda: reader(self.path), exclusive=False) as connection:
            try:
                is_current(connection)  # raises for a store of a newer version
                return unreadable(connection)
            except duckdb.Error as error:
                raise store_error(error, self.path) from error

    def blob_references(self) -> set[str]:
        """SHA-256, in hex, of the images and files that rows refer to. Raises StoreError."""
        with self._current() as connection:
            try:
                return blob_references(connection)
            except duckdb.Error as error:
                raise store_error(error, self.path) from error

    def set_aside(self, reason: str) -> None:
        """Move the file out of the way, for `salvage`. Raises StoreLocked."""
        with hold(self.path, exclusive=True, timeout=self._lock_timeout):
            set_store_aside(self.path, reason)

    def salvage(self, part: Path) -> dict[str, int]:
        """Bring back what is readable in the damaged store at `part`; table → rows that were not here. Raises
        StoreError when nothing of it can be read.
        """
        with self.write():
            pass
        with self._open(self._writer, exclusive=True) as connection:
            try:
                return salvage(connection, part)
            except duckdb.Error as error:  # of the part: not StoreDamaged, which would be said of this store
                raise StoreError(f"{str(part)!r} cannot be opened: {first_line(error)}") from error

    def holder(self) -> int | None:
        """Process id of the otel-i2e process that has the store open now; None when none has."""
        return holder(self.path)

    @contextmanager
    def write(self) -> Generator[Writer]:
        """An exclusive lease and one transaction: committed when the block ends, rolled back when it raises.

        Raises StoreLocked when the file is not free in time; StoreError when writing failed, after which the same
        rows may be written again, whether they were stored or not. A file that is found damaged is set aside
        (`store/mending.py`); StoreDamaged says that this came up in the middle of the work.
        """
        with self._open(self._writer, exclusive=True) as connection:
            token = process_token()
            try:
                migrate(connection)
                connection.execute("BEGIN")
                yield Writer(connection)
                connection.execute("COMMIT")
            except BaseException as error:
                if token == process_token():  # a forked child has no business with its parent's transaction
                    with suppress(duckdb.Error):
                        connection.execute("ROLLBACK")
                if isinstance(error, duckdb.Error):
                    raise store_error(error, self.path) from error
                raise

    @contextmanager
    def read(self) -> Generator[Reader]:
        """A shared lease, read-only. Raises StoreError when nothing was stored yet, StoreLocked as `write` does."""
        with self._current() as connection:
            yield Reader(connection, self.path)

    def query(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float,
        max_rows: int,
        file: str = "",
        line: int = 1,
    ) -> QueryResult:
        """The rows of one SELECT of a user's, out of whose reach are files, network, settings and writing.

        `timeout` is in seconds; `file` and `line` say where the SQL begins, for messages. Raises QueryError,
        QueryTimeout, and what `read` raises.
        """
        with self._current() as connection:
            return run(
                connection,
                sql,
                params or {},
                timeout=timeout,
                max_rows=max_rows,
                store=self.path,
                place=Place(file, line),
            )

    def describe(
        self, sql: str, params: Mapping[str, Any] | None = None, *, file: str = "", line: int = 1
    ) -> Described:
        """Columns and parameters of a user's SELECT; `params` are samples of the right types. Nothing is run.

        Works without a store: the schema is enough. Raises QueryError.
        """
        return describe(sql, params or {}, Place(file, line))

    def parameters(self, sql: str, *, file: str = "", line: int = 1) -> frozenset[str]:
        """Names that a user's SELECT uses as `$name`. Works without a store, whatever columns it names; QueryError."""
        return parameters(sql, Place(file, line))

    @contextmanager
    def _current(self) -> Generator[duckdb.DuckDBPyConnection]:
        """A connection for reading a store that has every migration."""
        if not self.exists():
            raise StoreError(
                f"nothing is stored yet: {str(self.path)!r} does not exist; record something with "
                "`import otel_i2e.auto`, see `i2e demo`, or name another file with --store"
            )
        usable = False
        try:
            with self._open(lambda: reader(self.path), exclusive=False) as connection:
                usable = self._is_current(connection)
                if usable:
                    yield connection
                    return
        except StoreDamaged as error:
            if usable:
                report(self.path, str(error), writing=False)
                raise
        before = damaged_beside(self.path)
        self._make_usable()
        for part in damaged_beside(self.path):
            if part.what == "store" and part not in before:  # an empty store would answer that there was nothing
                raise StoreDamaged(
                    f"{str(self.path)!r} is damaged and was set aside as {str(part.path)!r} ({part.reason}); "
                    "a new store takes what comes; `i2e repair` brings back what can be read"
                )
        with self._open(lambda: reader(self.path), exclusive=False) as connection:
            yield connection

    def _is_current(self, connection: duckdb.DuckDBPyConnection) -> bool:
        try:
            return is_current(connection)
        except duckdb.Error as error:
            raise store_error(error, self.path) from error

    def _make_usable(self) -> None:
        """Every migration applied, and what is damaged set aside: the second time, in a new file."""
        try:
            with self.write():
                return
        except StoreDamaged:
            pass
        with self.write():
            pass

    @contextmanager
    def _writer(self) -> Generator[duckdb.DuckDBPyConnection]:
        with ExitStack() as stack:
            yield mended(self.path, lambda: stack.enter_context(writer(self.path, compression=self._compression)))

    @contextmanager
    def _open(
        self, opened: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]], *, exclusive: bool
    ) -> Generator[duckdb.DuckDBPyConnection]:
        """A connection under a lease; somebody outside of otel-i2e who has the file open is waited for."""
        token = process_token()
        pause = _FIRST_PAUSE
        with hold(self.path, exclusive=exclusive, timeout=self._lock_timeout) as deadline:
            try:
                while True:
                    with fork_guard, ExitStack() as stack:
                        try:
                            connection = stack.enter_context(opened())
                        except duckdb.Error as error:
                            self._check_busy(error, deadline)
                        else:
                            yield connection
                            return
                    time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
                    pause = min(2 * pause, _LONGEST_PAUSE)
            except StoreDamaged as error:
                if exclusive and token == process_token():
                    report(self.path, str(error), writing=True)
                raise

    def _check_busy(self, error: duckdb.Error, deadline: float) -> None:
        """Raise, unless the file is busy and there is time left to wait."""
        locked = busy(error, self.path)
        if locked is None:
            raise store_error(error, self.path) from error
        if time.monotonic() >= deadline:
            raise locked from None
