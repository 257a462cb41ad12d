"""Opening the DuckDB file: once for a writer, or shared and sandboxed for readers."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from otel_i2e.forks import fork_guard, process_token

__all__ = ["ROW_GROUP_ROWS", "STORAGE_VERSION", "reading", "writing"]

STORAGE_VERSION: Final = "v1.5.0"
"""File format of new stores: the newest that every supported DuckDB reads."""
ROW_GROUP_ROWS: Final = 2048
"""Small row groups bound what a checkpoint rewrites when many small batches come: 0.2 s at most, where DuckDB's
default of 122,880 rows paid 3.4 s at 100,000 spans, more CPU and more bytes."""
_READER_MEMORY: Final = "1GB"
_READER_SPILL: Final = "4GB"
_opening = threading.Lock()
_left_behind: list[duckdb.DuckDBPyConnection] = []  # of a parent: a child must neither use nor close them


@contextmanager
def writing(path: Path, *, compression: str) -> Generator[duckdb.DuckDBPyConnection]:
    """The file at `path`, made when it is not there, as the current database of a connection that may write.

    Closing checkpoints. Raises duckdb.Error.
    """
    with fork_guard:
        connection = _opened_anew(path, compression)
        with _closed_by_its_process(connection):
            yield connection


@contextmanager
def reading(path: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """The file at `path`, read-only, with no way to other files, settings or extensions; times are UTC.

    Readers of one process share one DuckDB instance, so they all get the same settings. Raises duckdb.Error.
    """
    with fork_guard:
        with _opening:
            connection = _mended(path, lambda: duckdb.connect(str(path), read_only=True, config=_reader_config(path)))
            if not _value(connection, "lock_configuration"):
                connection.execute("SET GLOBAL TimeZone = 'UTC'")
                connection.execute("SET GLOBAL lock_configuration = true")
        with _closed_by_its_process(connection):
            yield connection


def _opened_anew(path: Path, compression: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1, "temp_directory": _spill(path)})
    try:
        if compression == "zstd":  # a fifth of the CPU of DuckDB's own choice at a checkpoint, and half the bytes
            connection.execute("SET force_compression = 'zstd'")
        options = f"STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
        quoted = str(path).replace("'", "''")
        _mended(path, lambda: connection.execute(f"ATTACH '{quoted}' AS store ({options})"))
        connection.execute("USE store")
    except BaseException:
        connection.close()
        raise
    return connection


def _reader_config(path: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": _READER_MEMORY,
        "temp_directory": _spill(path),
        "max_temp_directory_size": _READER_SPILL,
    }


def _spill(path: Path) -> str:
    return f"{path}.tmp"


def _value(connection: duckdb.DuckDBPyConnection, setting: str) -> object:
    (row,) = connection.execute("SELECT current_setting(?)", [setting]).fetchall()
    return row[0]


@contextmanager
def _closed_by_its_process(connection: duckdb.DuckDBPyConnection) -> Generator[None]:
    token = process_token()
    try:
        yield
    finally:
        if token == process_token():
            connection.close()
        else:
            _left_behind.append(connection)
