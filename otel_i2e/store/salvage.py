"""What can be read of a damaged store, moved into the one that took its place: row group by row group."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from otel_i2e.store.connection import ROW_GROUP_ROWS
from otel_i2e.store.faults import damaged, first_line

__all__ = ["salvage", "unreadable"]

_SPAN: Final = ("trace_id", "span_id")
_KEYS: Final = {"span_rows": _SPAN, "merged_calls": _SPAN, "scores": ("score_id",), "shadow_scores": ("score_id",)}
"""Columns by which a row is known. Rows of the other tables are compared whole."""
_TABLES: Final = (
    "SELECT table_name FROM duckdb_tables() WHERE database_name = $database AND table_name <> 'schema_migrations' "
    "ORDER BY table_name"
)


def unreadable(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Table → why some of its rows cannot be read; every byte that is in use is read for it."""
    found: dict[str, str] = {}
    database = str(connection.execute("SELECT current_database()").fetchall()[0][0])
    for (table,) in connection.execute(_TABLES, {"database": database}).fetchall():
        try:
            connection.execute(f"SELECT max(hash(COLUMNS(*))) FROM {table}").fetchall()
        except duckdb.Error as error:
            if not damaged(error):
                raise
            found[str(table)] = first_line(error)
    return found


def salvage(connection: duckdb.DuckDBPyConnection, part: Path) -> dict[str, int]:
    """Copy what is readable in the store at `part` and not yet in the current database; table → rows copied.

    `unreadable row groups` counts what was left behind. Rows that were copied stay when a later table fails. Raises
    duckdb.Error when `part` cannot be opened at all.
    """
    quoted = str(part).replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS damaged (READ_ONLY)")
    saved: dict[str, int] = {}
    left = 0
    try:
        for (table,) in connection.execute(_TABLES, {"database": "damaged"}).fetchall():
            saved[str(table)], missed = _copy(connection, str(table))
            left += missed
    finally:
        connection.execute("DETACH damaged")
    return {**{table: n for table, n in saved.items() if n}, **({"unreadable row groups": left} if left else {})}


def _copy(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    """Rows that were copied, and row groups that could not be read."""
    ((last,),) = connection.execute(f"SELECT max(rowid) FROM damaged.{table}").fetchall()
    copied = missed = 0
    for first in range(0, -1 if last is None else last + 1, ROW_GROUP_ROWS):
        try:
            ((n,),) = connection.execute(_insert(table), {"first": first, "end": first + ROW_GROUP_ROWS}).fetchall()
            copied += n
        except duckdb.Error as error:
            if not damaged(error):
                raise
            missed += 1
    return copied, missed


def _insert(table: str) -> str:
    rows = f"SELECT * FROM damaged.{table} AS d WHERE d.rowid >= $first AND d.rowid < $end"
    if keys := _KEYS.get(table):
        same = " AND ".join(f"s.{key} = d.{key}" for key in keys)
        return f"INSERT INTO {table} BY NAME {rows} AND NOT EXISTS (FROM {table} AS s WHERE {same})"
    return f"INSERT INTO {table} BY NAME ({rows} EXCEPT ALL SELECT * FROM {table})"
