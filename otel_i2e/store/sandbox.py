"""Somebody's SQL: one SELECT, without files, network, settings or extensions, within a time and a row limit.

`read_only` alone is no sandbox (COPY TO and read_text work under it): every connection for reading has
external access off and its configuration locked (`connection.py`). Memory limits are soft, and `interrupt`
stops most queries but not one that sits in a single function call.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

from otel_i2e.errors import I2EError, QueryError, QueryTimeout
from otel_i2e.forks import process_token
from otel_i2e.models import QueryResult
from otel_i2e.store.advice import advice
from otel_i2e.store.faults import query_error
from otel_i2e.store.migrate import migrate
from otel_i2e.store.rows import in_utc

__all__ = ["Described", "Place", "describe", "parameters", "run"]

_AGAIN: Final = 0.2  # seconds between two interrupts of a query that goes on


class Place(NamedTuple):
    """Where SQL came from, for messages."""

    file: str = ""
    """The file; empty for SQL that was typed."""
    line: int = 1
    """The file's line at which the SQL begins."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: " if self.file else ""


class Described(NamedTuple):
    """What a SELECT would give."""

    columns: dict[str, str]
    """Name → DuckDB type, in order."""
    parameters: frozenset[str]
    """Names that it uses as `$name`."""


def run(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    params: Mapping[str, Any],
    *,
    timeout: float,
    max_rows: int,
    store: Path,
    place: Place,
) -> QueryResult:
    """The rows of one SELECT, `max_rows` at most. Raises QueryError, QueryTimeout after `timeout` seconds."""
    try:
        used = _check_one_select(connection, sql, place)
        if missing := sorted(used - params.keys()):
            raise QueryError(f"{place}the parameter ${missing[0]} has no value; give it with --param {missing[0]}=…")
        with _time_limit(connection, timeout, place):
            cursor = connection.execute(sql, {name: params[name] for name in used} or None)
            columns = tuple(str(column[0]) for column in cursor.description or ())
            rows = cursor.fetchmany(max_rows + 1)
    except duckdb.Error as error:
        raise _fault(error, sql, store, place) from None
    return QueryResult(
        columns=columns, rows=tuple(in_utc(row) for row in rows[:max_rows]), truncated=len(rows) > max_rows
    )


def describe(sql: str, params: Mapping[str, Any], place: Place = Place()) -> Described:  # noqa: B008 -- immutable
    """Columns and parameters of one SELECT over an empty store; `params` are samples of the right types.

    Nothing is run. Raises QueryError.
    """
    with _schema(process_token()).cursor() as connection:
        try:
            parameters = _check_one_select(connection, sql, place)
            given = {name: params.get(name) for name in parameters}
            rows = connection.execute(f"DESCRIBE {sql}", given or None).fetchall()
        except duckdb.Error as error:
            raise _fault(error, sql, Path(":memory:"), place) from None
    return Described({str(row[0]): str(row[1]) for row in rows}, parameters)


def parameters(sql: str, place: Place = Place()) -> frozenset[str]:  # noqa: B008 -- immutable
    """Names that one SELECT uses as `$name`, whether its columns exist or not. Raises QueryError."""
    with _schema(process_token()).cursor() as connection:
        try:
            return _check_one_select(connection, sql, place)
        except duckdb.Error as error:
            raise _fault(error, sql, Path(":memory:"), place) from None


def _fault(error: duckdb.Error, sql: str, store: Path, place: Place) -> I2EError:
    """The error in our words, with what to write instead."""
    return query_error(error, store, place=place.file, line=place.line, advice=advice(error, sql, _columns()))


def _columns() -> dict[str, list[str]]:
    """Every table and view of a store, with its columns."""
    with _schema(process_token()).cursor() as connection:
        rows = connection.execute(
            "SELECT table_name, list(lower(column_name)) FROM information_schema.columns GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return {str(table): columns for table, columns in rows}


@cache
def _schema(_process: int) -> duckdb.DuckDBPyConnection:
    """An empty store in memory, made once for each process; every use is a cursor of its own."""
    connection = duckdb.connect(config={"threads": 1})
    migrate(connection)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _check_one_select(connection: duckdb.DuckDBPyConnection, sql: str, place: Place) -> frozenset[str]:
    statements = connection.extract_statements(sql)
    if not statements:
        raise QueryError(f"{place}there is no SQL to run; write one SELECT")
    if len(statements) > 1:
        raise QueryError(f"{place}these are {len(statements)} statements; write one SELECT, without others before it")
    kind = statements[0].type
    if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryError(f"{place}this is {kind.name}, not SELECT; the store is read-only here")
    return frozenset(statements[0].named_parameters)


@contextmanager
def _time_limit(connection: duckdb.DuckDBPyConnection, seconds: float, place: Place) -> Generator[None]:
    """Interrupt what runs inside after `seconds`, as often as it takes; then QueryTimeout is raised."""
    finished, expired = threading.Event(), threading.Event()

    def watch() -> None:
        if not finished.wait(seconds):
            expired.set()
            connection.interrupt()
            while not finished.wait(_AGAIN):
                connection.interrupt()

    watcher = threading.Thread(target=watch, name="i2e-query-limit", daemon=True)
    watcher.start()
    try:
        yield
    except duckdb.InterruptException:
        if not expired.is_set():
            raise
        raise QueryTimeout(
            f"{place}the query took longer than {seconds:g} s and was stopped; "
            "select less of it, or raise I2E_QUERY_TIMEOUT"
        ) from None
    finally:
        finished.set()
        watcher.join()
