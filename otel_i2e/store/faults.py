"""DuckDB's exceptions in our words: one line each, with the value, the place and the remedy."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import duckdb

from otel_i2e.errors import (
    I2EError,
    QueryError,
    QueryTimeout,
    RowRefused,
    StoreDamaged,
    StoreError,
    StoreLocked,
)

__all__ = ["busy", "damaged", "first_line", "query_error", "store_error"]

_OURS: Final = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.TransactionException,
    duckdb.ConnectionException,
    duckdb.SerializationException,
)
"""Faults of the store itself; every other DuckDB exception is about the SQL."""
_OF_A_VALUE: Final = (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException)
"""Faults that a value in a row may be the cause of; a name of a column, say, is ours."""
_NO_DATABASE: Final = (
    "not a valid DuckDB database file",
    "Is a directory",
    "Loading external extensions is disabled",  # to a reader that is given a file of SQLite's
    "sqlite_scanner",  # to a writer
)
_ENDING: Final = "interpreter is shutting down"
_ANOTHER_FORMAT: Final = re.compile(r"\bstorage version\b", re.IGNORECASE)
_BUSY_HERE: Final = ("different configuration", "Unique file handle conflict")
_BUSY_ELSEWHERE: Final = ("Could not set lock on file", "being used by another process")
_DAMAGED: Final = (
    "Corrupt database file",
    "Corrupt WAL file",
    "Corrupt file",
    "Could not read enough bytes from file",
    "not a valid DuckDB database file",
    "Failure while replaying WAL file",
)
_TRANSIENT: Final = ("No space left", "Input/output error", "Out of Memory", "Too many open files", "Permission denied")
"""A disk or a machine that is in trouble now: nothing is said about the bytes."""


def first_line(error: BaseException) -> str:
    """What DuckDB says, without its kind of error and without the quoted SQL."""
    text = str(error).strip().partition("\n")[0]
    return re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", text)


def busy(error: duckdb.Error, path: Path) -> StoreLocked | None:
    """The error as StoreLocked when somebody else has the database file open; else None."""
    text = str(error)
    if any(sign in text for sign in _BUSY_HERE):
        return StoreLocked(
            f"the store {str(path)!r} is open in this process (PID {os.getpid()}) through duckdb.connect; "
            "close that connection, or use `i2e sql`"
        )
    if any(sign in text for sign in _BUSY_ELSEWHERE):
        pid = re.search(r"\(PID (\d+)\)", text)
        who = f"process {pid[1]}" if pid else "another program"
        return StoreLocked(
            f"the store {str(path)!r} is held open by {who}, which is not otel-i2e; close the file there "
            "(a notebook or DuckDB shell, perhaps), or stop that process"
        )
    return None


def damaged(error: duckdb.Error) -> bool:
    """Whether the error says that bytes of the store are not what was written."""
    text = str(error)
    if type(error) is not duckdb.Error and not isinstance(error, _OURS):  # text of somebody's may stand in the others
        return False
    return any(sign in text for sign in _DAMAGED) and not any(sign in text for sign in _TRANSIENT)


def store_error(error: duckdb.Error, path: Path) -> StoreError:
    """A fault of reading or writing the store."""
    if (locked := busy(error, path)) is not None:
        return locked
    if any(sign in str(error) for sign in _NO_DATABASE):
        return (StoreDamaged if damaged(error) else StoreError)(
            f"the store {str(path)!r} is not a DuckDB file; name another with --store, I2E_STORE or `store` in "
            "i2e.toml, or move this one away: a new one is made when something is recorded"
        )
    if damaged(error):
        remedy = "`i2e repair` explains, and saves what can be read"
        return StoreDamaged(f"the store {str(path)!r} is damaged: {first_line(error)}; {remedy}")
    if _ENDING in str(error):
        return StoreError(f"the store {str(path)!r} was not written: this process is ending; the next one writes")
    is_foreign = _ANOTHER_FORMAT.search(str(error)) is not None
    if isinstance(error, _OF_A_VALUE) and not is_foreign:
        return RowRefused(f"the store {str(path)!r} does not take a value: {first_line(error)}")
    if is_foreign:
        remedy = "it is of a format that is not i2e's: name another with --store, I2E_STORE or `store` in i2e.toml"
    elif isinstance(error, duckdb.ProgrammingError):
        remedy = "this is a defect in otel-i2e, or the file was made by a newer version: please report it, or upgrade"
    elif isinstance(error, duckdb.FatalException):
        remedy = "the outcome is not known; writing the same rows again is safe"
    else:
        remedy = "is the disk full, or may you not write there? `i2e status` says more"
    return StoreError(f"the store {str(path)!r} failed: {first_line(error)}; {remedy}")


def query_error(error: duckdb.Error, path: Path, *, place: str = "", line: int = 1, advice: str = "") -> I2EError:
    """A fault of running somebody's SQL, which begins on `line` of the file `place` when it came from a file.

    `advice` is put after what is wrong with the SQL.
    """
    if isinstance(error, duckdb.InterruptException):
        return QueryTimeout(f"{place + ': ' if place else ''}the query was interrupted")
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError(f"{place + ': ' if place else ''}the query needs too much memory; select less of it at once")
    if isinstance(error, _OURS) or damaged(error):
        return store_error(error, path)
    return QueryError(f"{_where(error, place, line)}{first_line(error)}{advice}")


def _where(error: duckdb.Error, place: str, line: int) -> str:
    found = re.search(r"\nLINE (\d+):", str(error))
    number = int(found[1]) if found else 1
    if place:
        return f"{place}:{number + line - 1}: "
    return f"line {number}: " if number > 1 else ""
