"""The spool's file: one that is damaged is left, and what is intact in it is put again."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from otel_i2e.damage import damaged_beside
from otel_i2e.errors import SpoolError
from otel_i2e.spool import Spool
from otel_i2e.spool_files import abandon


def _bodies(spool: Spool) -> list[bytes]:
    with spool.claim() as batches:
        return [batch.body for batch in batches]


def test_a_file_that_is_no_database_is_left_for_a_new_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It stays as it is, with a record and a loud line; every spool of that name goes on in the new file."""
    rubbish = b"this is not a database, and long enough to be looked at" * 20
    (tmp_path / "s").write_bytes(rubbish)
    spool, other = Spool(tmp_path / "s"), Spool(tmp_path / "s")
    spool.put(b"x")
    assert other.stats().batches == 1
    assert (tmp_path / "s").read_bytes() == rubbish
    assert [part.what for part in damaged_beside(tmp_path / "s")] == ["spool"]
    assert "s is damaged" in caplog.text
    spool.close()
    other.close()


def test_what_was_put_into_a_file_that_is_left_is_recovered_once(tmp_path: Path) -> None:
    """Batches and counters; the process that still had the old file open goes over to the new one."""
    first, second = Spool(tmp_path / "s"), Spool(tmp_path / "s")
    first.put(b"1", items=3)
    first.put(b"2" * 9000, signal="logs", encoding="json")
    first.count("dropped", "why", 2)
    assert second.stats().batches == 2
    abandon(tmp_path / "s", "a test says so")
    assert first.stats().batches == 0
    first.put(b"3")
    with second.claim() as batches:
        assert [(batch.signal, batch.encoding, batch.items, batch.body) for batch in batches] == [
            ("traces", "protobuf", 1, b"3"),
            ("traces", "protobuf", 3, b"1"),
            ("logs", "json", 1, b"2" * 9000),
        ]
        second.done(batches)
    assert (first.recover(), second.stats().batches) == (0, 0)
    assert second.counters() == {("dropped", "why"): 2}
    (part,) = damaged_beside(tmp_path / "s")
    assert part.saved == {"batches": 2}
    first.close()
    second.close()


def test_done_does_not_reach_into_another_file(tmp_path: Path) -> None:
    """Batches of a file that was left meanwhile have the ids of others in the new one."""
    spool = Spool(tmp_path / "s")
    spool.put(b"old")
    with spool.claim() as batches:
        abandon(tmp_path / "s", "a test says so")
        spool.put(b"new")
        spool.done(batches)
    assert spool.stats().batches == 1
    spool.close()


def test_a_put_that_ended_in_a_file_just_left_is_put_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever recovers may have looked already."""
    spool = Spool(tmp_path / "s")

    def left_meanwhile(_: sqlite3.Connection) -> int:
        abandon(tmp_path / "s", "in the middle of a put")
        return 0

    monkeypatch.setattr("otel_i2e.spool.used_bytes", left_meanwhile)
    spool.put(b"x")
    assert spool.stats().batches == 1
    spool.close()


def test_a_path_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    """A parent that is a file is a SpoolError, not an OSError."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(SpoolError, match="nothing was taken"):
        Spool(tmp_path / "file" / "s").put(b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be deleted there")
def test_a_spool_that_was_deleted_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever starts afresh by deleting the folder of the store loses nothing that is put later, and hears of it."""
    spool = Spool(tmp_path / "f" / "s")
    spool.put(b"before")
    with spool.claim() as batches:
        shutil.rmtree(tmp_path / "f")
        spool.put(b"after")
        spool.done(batches)  # has the id of the other
    assert _bodies(spool) == [b"after"]
    assert "deleted or moved away" in caplog.text
    spool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be moved there")
def test_a_spool_that_was_moved_away_keeps_what_it_has(tmp_path: Path) -> None:
    """Whoever still had it open goes over to the one that another made in its place, and takes nothing from either."""
    spool, other = Spool(tmp_path / "f" / "s"), Spool(tmp_path / "f" / "s")
    spool.put(b"before")
    (tmp_path / "f").rename(tmp_path / "g")
    other.put(b"1")
    spool.put(b"2")
    spool.close()
    moved = Spool(tmp_path / "g" / "s")
    assert (_bodies(moved), _bodies(other)) == ([b"before"], [b"1", b"2"])
    moved.close()
    other.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be deleted there")
def test_a_put_that_ended_in_a_file_just_deleted_is_put_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told to be on disk only when a reader would find it."""
    spool = Spool(tmp_path / "f" / "s")

    def deleted_meanwhile(_: sqlite3.Connection) -> int:
        shutil.rmtree(tmp_path / "f")
        monkeypatch.undo()
        return 0

    monkeypatch.setattr("otel_i2e.spool.used_bytes", deleted_meanwhile)
    spool.put(b"x")
    assert spool.stats().batches == 1
    spool.close()
