"""Opening the DuckDB file: alone for a writer, or shared and sandboxed for readers."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

from otel_i2e.forks import process_token

__all__ = ["BLOCK_BYTES", "ROW_GROUP_ROWS", "STORAGE_VERSION", "reader", "writer"]

STORAGE_VERSION: Final = "v1.5.0"
"""File format of new stores: the newest that every supported DuckDB reads."""
ROW_GROUP_ROWS: Final = 2048
"""Small row groups bound what a checkpoint rewrites when many small batches come: 0.2 s at most, where DuckDB's
default of 122,880 rows took 3.4 s at 100,000 spans, and more CPU and bytes on the way there."""
BLOCK_BYTES: Final = 65_536
"""Of new stores. Columns of a small row group fill few blocks; DuckDB's default of 262,144 bytes wasted a sixth of the
file on their unfilled ends."""
_NO_BAR: Final = "SET enable_progress_bar = false"
"""In a program without a file of its own, `python -c`, DuckDB draws one on standard output, into JSON, too."""
_MOST_LEASES: Final = 20
"""Of one kept instance: its memory grows with every row that it meets, and all of it comes back at its end."""
_READER_CONFIG: Final[dict[str, Any]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "1GB",
    "max_temp_directory_size": "4GB",
}
_WRITER_CONFIG: Final[dict[str, Any]] = {
    "threads": 1,
    "autoinstall_known_extensions": False,  # a file of SQLite's as the store would have one downloaded
    **(
        {"async_threads": 0} if duckdb.__version__.startswith("2.") else {}
    ),  # no threads at all: an instance outlives forks
}


class _Kept(NamedTuple):
    """An instance without the file, ready for the next lease."""

    token: int
    path: Path
    compression: str
    connection: duckdb.DuckDBPyConnection
    leases: int


_kept: list[_Kept] = []
_opening = threading.Lock()
_left_behind: list[duckdb.DuckDBPyConnection] = []  # of a parent: a child must neither use nor close them


@contextmanager
def writer(path: Path, *, compression: str) -> Generator[duckdb.DuckDBPyConnection]:
    """The file at `path`, made when it is not there, as the current database of a connection that may write.

    A commit is a checkpoint. The instance of DuckDB, whose start is most of the CPU of a small lease, is kept for
    the next one; between them the file is closed. After an error nothing is kept. Raises duckdb.Error.
    """
    token = process_token()
    connection, leases = _attached(path, compression)
    try:
        yield connection
    except BaseException:
        _end(connection, token)
        raise
    if token != process_token():
        _left_behind.append(connection)
        return
    try:
        connection.execute("USE memory; DETACH store")
    except duckdb.Error:  # what was committed is committed
        connection.close()
        return
    if leases >= _MOST_LEASES:
        connection.close()
    else:
        _kept.append(_Kept(token, path, compression, connection, leases))


def _attached(path: Path, compression: str) -> tuple[duckdb.DuckDBPyConnection, int]:
    """The connection, and how many leases its instance has had with this one."""
    connection, leases = _instance(path, compression)
    token = process_token()
    try:
        options = f"STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_ROWS}, BLOCK_SIZE {BLOCK_BYTES}"
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS store ({options})")
        connection.execute("USE store")
    except BaseException:
        _end(connection, token)
        raise
    return connection, leases + 1


def _instance(path: Path, compression: str) -> tuple[duckdb.DuckDBPyConnection, int]:
    """The one that was kept, when it fits, or a new one."""
    while _kept:
        kept = _kept.pop()
        if (kept.token, kept.path, kept.compression) == (process_token(), path, compression):
            return kept.connection, kept.leases
        _end(kept.connection, kept.token)
    connection = duckdb.connect(config={**_WRITER_CONFIG, "temp_directory": _spill(path)})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(_NO_BAR)
    connection.execute("SET checkpoint_threshold = '0b'")  # large commits go into the file, not first into its log
    if compression == "zstd":  # a fifth of the CPU of DuckDB's own choice at a checkpoint, and half the bytes
        connection.execute("SET force_compression = 'zstd'")
    return connection, 0


def _end(connection: duckdb.DuckDBPyConnection, token: int) -> None:
    """Close `connection`, unless this is a forked child by now: what the parent opened is not the child's."""
    if token == process_token():
        connection.close()
    else:
        _left_behind.append(connection)


@contextmanager
def reader(path: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """The file at `path`, read-only, with no way to other files, settings or extensions; times are UTC.

    Readers of one process share one DuckDB instance, so all of them get the same settings. Raises duckdb.Error.
    """
    config = {**_READER_CONFIG, "temp_directory": _spill(path)}
    token = process_token()
    with _opening:
        connection = duckdb.connect(str(path), read_only=True, config=config)
        if not _is_locked(connection):
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            connection.execute(_NO_BAR)
            connection.execute("SET GLOBAL lock_configuration = true")
    try:
        yield connection
    finally:
        _end(connection, token)


def _is_locked(connection: duckdb.DuckDBPyConnection) -> bool:
    ((value,),) = connection.execute("SELECT current_setting('lock_configuration')").fetchall()
    return bool(value)


def _spill(path: Path) -> str:
    return f"{path}.tmp"
