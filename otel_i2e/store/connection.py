"""Opening the DuckDB file: alone for a writer, or shared and sandboxed for readers."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

from otel_i2e.forks import process_token

__all__ = ["ROW_GROUP_ROWS", "STORAGE_VERSION", "closed_by_its_process", "open_reader", "open_writer"]

STORAGE_VERSION: Final = "v1.5.0"
"""File format of new stores: the newest that every supported DuckDB reads."""
ROW_GROUP_ROWS: Final = 2048
"""Small row groups bound what a checkpoint rewrites when many small batches come: 0.2 s at most, where DuckDB's
default of 122,880 rows took 3.4 s at 100,000 spans, and more CPU and bytes on the way there."""
_READER_CONFIG: Final[dict[str, Any]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "1GB",
    "max_temp_directory_size": "4GB",
}
_opening = threading.Lock()
_left_behind: list[duckdb.DuckDBPyConnection] = []  # of a parent: a child must neither use nor close them


def open_writer(path: Path, *, compression: str) -> duckdb.DuckDBPyConnection:
    """The file at `path`, made when it is not there, as the current database of a connection that may write.

    Closing it is a checkpoint. Raises duckdb.Error.
    """
    connection = duckdb.connect(config={"threads": 1, "temp_directory": _spill(path)})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        if compression == "zstd":  # a fifth of the CPU of DuckDB's own choice at a checkpoint, and half the bytes
            connection.execute("SET force_compression = 'zstd'")
        options = f"STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS store ({options})")
        connection.execute("USE store")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> duckdb.DuckDBPyConnection:
    """The file at `path`, read-only, with no way to other files, settings or extensions; times are UTC.

    Readers of one process share one DuckDB instance, so all of them get the same settings. Raises duckdb.Error.
    """
    config = {**_READER_CONFIG, "temp_directory": _spill(path)}
    with _opening:
        connection = duckdb.connect(str(path), read_only=True, config=config)
        if not _is_locked(connection):
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            connection.execute("SET GLOBAL lock_configuration = true")
    return connection


@contextmanager
def closed_by_its_process(connection: duckdb.DuckDBPyConnection) -> Generator[None]:
    """Close `connection` at the end, unless this is a forked child by then: the parent's file is not the child's."""
    token = process_token()
    try:
        yield
    finally:
        if token == process_token():
            connection.close()
        else:
            _left_behind.append(connection)


def _is_locked(connection: duckdb.DuckDBPyConnection) -> bool:
    ((value,),) = connection.execute("SELECT current_setting('lock_configuration')").fetchall()
    return bool(value)


def _spill(path: Path) -> str:
    return f"{path}.tmp"
