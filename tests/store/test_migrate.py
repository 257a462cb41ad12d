"""Migrations: applied once, in one transaction, with only what runs everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from otel_i2e.errors import StoreError
from otel_i2e.store import Store
from otel_i2e.store import migrate as module
from otel_i2e.store.migrate import Migration, is_current, migrate, migrations

pytestmark = pytest.mark.usefixtures("schema_made_anew")

_NOT_EVERYWHERE = (
    "PRIMARY KEY",
    "UNIQUE",
    "CHECK",
    "CREATE INDEX",
    "SEQUENCE",
    "ENUM",
    "GENERATED",
    "RETURNING",
    "ON CONFLICT",
    "REFERENCES",
)


@pytest.mark.parametrize("migration", migrations(), ids=lambda one: one.name)
def test_only_what_duckdb_files_and_ducklake_both_have(migration: Migration) -> None:
    """No key, index, check, sequence, enumeration or upsert."""
    sql = re.sub(r"--.*", "", migration.sql).upper()
    assert [word for word in _NOT_EVERYWHERE if re.search(rf"\b{word}\b", sql)] == []


def test_files_are_numbered_in_order() -> None:
    """0001, 0002, … without a gap."""
    assert [int(one.name[:4]) for one in migrations()] == list(range(1, len(migrations()) + 1))


def test_each_is_applied_once_with_its_record() -> None:
    """A second time changes nothing."""
    with duckdb.connect() as connection:
        migrate(connection)
        migrate(connection)
        rows = connection.execute("SELECT name FROM schema_migrations ORDER BY applied_at, name").fetchall()
    assert [name for (name,) in rows] == [one.name for one in migrations()]


def test_one_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The statements and the record are one transaction."""
    broken = (*migrations(), Migration("0999_broken", "CREATE TABLE half (a INT); SELECT nonsense"))
    monkeypatch.setattr(module, "migrations", lambda: broken)
    with duckdb.connect() as connection:
        with pytest.raises(duckdb.Error):
            migrate(connection)
        connection.execute("ROLLBACK")
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        assert ("half",) not in tables
        assert not is_current(connection)


def test_an_older_store_is_brought_up_by_reading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody needs to know of migrations: the first reader of a newer version applies them."""
    store = Store(tmp_path / "s.duckdb")
    with store.write():
        pass
    newer = (*migrations(), Migration("0900_more", "CREATE TABLE more (a INT)"))
    monkeypatch.setattr(module, "migrations", lambda: newer)
    with store.read() as reader:
        assert reader.rows("SELECT count(*) AS n FROM more") == [{"n": 0}]


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    """Writing with old rules into a new schema would break it: the error says what to do."""
    store = Store(tmp_path / "s.duckdb")
    with store.write() as writer:
        writer.rows("INSERT INTO schema_migrations VALUES ('9999_future', now())")
    with pytest.raises(StoreError, match=r"newer otel-i2e .*9999_future.* upgrade"), store.write():
        pass
    with pytest.raises(StoreError, match="upgrade"), store.read():
        pass
