"""Opening the DuckDB file: alone for a writer, or shared and sandboxed for readers."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Generator
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
        _with_whole_wal(path, lambda: connection.execute(f"ATTACH '{quoted}' AS store ({options})"))
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
        connection = _with_whole_wal(path, lambda: duckdb.connect(str(path), read_only=True, config=config))
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


def _with_whole_wal(path: Path, open_it: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    """`open_it()`; when DuckDB 1.5 stumbles over zeros that a power cut left at the end of the WAL, without them."""
    try:
        return open_it()
    except duckdb.Error as error:
        found = re.search(r"Corrupt WAL file: entry at byte position (\d+)", str(error))
        if found is None or not _cut_zeros(path.with_name(path.name + ".wal"), int(found[1]) - 16):
            raise
        return open_it()


def _cut_zeros(wal: Path, end: int) -> bool:
    """Cut `wal` at `end` when nothing but zeros follows."""
    if end <= 0 or not wal.exists():
        return False
    with wal.open("r+b") as file:
        file.seek(end)
        if file.read().strip(b"\0"):
            return False
        os.truncate(file.fileno(), end)
    return True
