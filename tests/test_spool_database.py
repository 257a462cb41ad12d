"""The tables of the spool."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from otel_i2e.spool_database import ADD_BATCH, ADD_COUNT, connect, is_damage, transaction, used_bytes


@pytest.fixture
def db(tmp_path: Path) -> Generator[sqlite3.Connection]:
    """A new file, open."""
    with closing(connect(tmp_path / "s")) as db:
        yield db


def _batch(body: bytes) -> tuple[object, ...]:
    return ("traces", "protobuf", 1, 0.0, body, None)


def test_what_is_done_in_a_transaction_is_done_whole_or_not_at_all(db: sqlite3.Connection) -> None:
    """The second batch cannot be put."""
    with pytest.raises(sqlite3.IntegrityError), transaction(db):
        db.executemany(ADD_BATCH, [_batch(b"x"), (None,) * 6])
    assert not db.in_transaction
    with transaction(db):
        db.execute(ADD_COUNT, ("dropped", "why", 2))
    assert db.execute("SELECT count(*), (SELECT n FROM counters) FROM batches").fetchone() == (0, 2)


def test_a_count_adds_to_what_is_there(db: sqlite3.Connection) -> None:
    """By its counter and reason."""
    for count in (("dropped", "full", 2), ("dropped", "full", 3), ("dropped", "disk", 1)):
        db.execute(ADD_COUNT, count)
    assert sorted(db.execute("SELECT * FROM counters").fetchall()) == [("dropped", "disk", 1), ("dropped", "full", 5)]


def test_the_bytes_in_use_follow_the_bodies(db: sqlite3.Connection) -> None:
    """Next to none at first, a little more than the bodies, and next to none again when they are gone."""
    assert used_bytes(db) < 100_000
    db.execute(ADD_BATCH, _batch(b"x" * 1_000_000))
    assert 1_000_000 <= used_bytes(db) < 1_100_000
    db.execute("DELETE FROM batches")
    assert used_bytes(db) < 100_000


def test_a_file_of_an_earlier_version_gets_the_checksum(tmp_path: Path) -> None:
    """And keeps its batches."""
    with closing(sqlite3.connect(tmp_path / "s")) as old, old:
        old.execute(
            "CREATE TABLE batches (id INTEGER PRIMARY KEY AUTOINCREMENT, signal TEXT NOT NULL, "
            "encoding TEXT NOT NULL, items INTEGER NOT NULL, received_at REAL NOT NULL, body BLOB NOT NULL)"
        )
        old.execute("INSERT INTO batches VALUES (1, 'traces', 'protobuf', 1, 0.0, X'00')")
    for _ in range(2):
        with closing(connect(tmp_path / "s")) as db:
            assert db.execute("SELECT id, body, checksum FROM batches").fetchall() == [(1, b"\0", None)]


def test_damage_is_told_from_what_passes(tmp_path: Path) -> None:
    """A file that is no database is damaged; one that somebody holds, or a missing directory, is not."""
    (tmp_path / "s").write_bytes(b"no database" * 1_000)
    with pytest.raises(sqlite3.DatabaseError) as found:
        connect(tmp_path / "s")
    assert is_damage(found.value)
    with closing(connect(tmp_path / "t")) as one, closing(sqlite3.connect(tmp_path / "t", timeout=0)) as other:
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as busy:
            other.execute("BEGIN IMMEDIATE")
        assert not is_damage(busy.value)
    with pytest.raises(sqlite3.OperationalError) as nowhere:
        sqlite3.connect(tmp_path / "no" / "s")
    assert not is_damage(nowhere.value)
