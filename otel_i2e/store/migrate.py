"""Migrations: numbered SQL files, each applied once, in one transaction with its record."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final, NamedTuple

import duckdb

from otel_i2e.errors import StoreError

__all__ = ["Migration", "is_current", "migrate", "migrations"]

_RECORD: Final = "CREATE TABLE IF NOT EXISTS schema_migrations (name VARCHAR, applied_at TIMESTAMPTZ)"


class Migration(NamedTuple):
    """One step of the schema."""

    name: str
    """`0001_tables`: the file's name; steps are applied in the order of their names."""
    sql: str
    """Its statements."""


@cache
def migrations() -> tuple[Migration, ...]:
    """Every step, in order."""
    folder = resources.files("otel_i2e.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files)


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether every step that this version knows was applied. Raises StoreError when there are others."""
    applied = _applied(connection)
    known = {migration.name for migration in migrations()}
    if newer := applied - known:
        raise StoreError(
            f"the store was written by a newer otel-i2e (it has {max(newer)!r}, this one knows {max(known)!r}); "
            "upgrade with pip install -U otel-i2e"
        )
    return applied == known


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Apply what is missing. Raises StoreError for a store of a newer version."""
    if is_current(connection):
        return
    applied = _applied(connection)
    for migration in migrations():
        if migration.name not in applied:
            connection.execute("BEGIN")
            connection.execute(migration.sql)
            connection.execute(_RECORD)
            connection.execute("INSERT INTO schema_migrations VALUES (?, now())", [migration.name])
            connection.execute("COMMIT")


def _applied(connection: duckdb.DuckDBPyConnection) -> set[str]:
    try:
        rows = connection.execute("SELECT name FROM schema_migrations").fetchall()
    except duckdb.CatalogException:  # asking the catalogue first costs 10 ms, and every lease asks
        return set()
    return {str(name) for (name,) in rows}
