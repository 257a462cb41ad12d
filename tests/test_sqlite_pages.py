"""SQLite's formats read without SQLite: the same rows as SQLite gives, and damage that it passes over."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from otel_i2e.sqlite_pages import PAGE_BYTES, Frame, Pages, frames, lost_frames, page_sizes, records

_WRITE = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute(f"PRAGMA page_size = {sys.argv[2]}")
db.execute("PRAGMA journal_mode = WAL").fetchone()
db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB, c REAL, d INTEGER)")
for n in range(60):
    db.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", (n * 300, "é" * n, bytes([n]) * (n * n * 12), n / 7, n - 2**n))
os._exit(0)
"""


@pytest.fixture(params=[4096, PAGE_BYTES])
def log(tmp_path: Path, request: pytest.FixtureRequest) -> bytes:
    """The log that a process left when it was killed; the file itself is beside it. As spools were and are made."""
    subprocess.run([sys.executable, "-c", _WRITE, str(tmp_path / "db"), str(request.param)], check=True)
    return (tmp_path / "db-wal").read_bytes()


def _rows(file: bytes, log: list[Frame]) -> set[tuple[object, ...]]:
    (size,) = page_sizes(file, log)
    found = records(Pages(file, log, size))
    return {(row, *values[1:]) for row, values in found if len(values) == 5 and values[0] is None}


def test_the_rows_are_those_that_sqlite_reads(tmp_path: Path, log: bytes) -> None:
    """From the log alone, and after SQLite has moved it into the file; long rows, negative and large numbers."""
    found = _rows((tmp_path / "db").read_bytes(), frames(log))
    with sqlite3.connect(tmp_path / "db") as db:
        expected = set(db.execute("SELECT * FROM t").fetchall())
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()
    assert len(expected) == 60
    assert found == expected
    assert _rows((tmp_path / "db").read_bytes(), []) == expected


def test_a_whole_log_is_intact(tmp_path: Path, log: bytes) -> None:
    """Also with frames behind the committed ones, which a kill leaves; not when committed ones are missing."""
    index = (tmp_path / "db-shm").read_bytes()
    assert all(frame.intact for frame in frames(log))
    assert lost_frames(log, index) == 0
    assert lost_frames(log + log[32:9000], index) == 0
    assert lost_frames(log[:-5000], index) == (2 if log[10:12] == b"\x10\x00" else 1)
    assert lost_frames(log, b"") == 0


@pytest.mark.parametrize("at", [5, 10, 25, 32, 44, 48, 60, 5000, 20_000])
def test_a_changed_byte_is_noticed(tmp_path: Path, log: bytes, at: int) -> None:
    """In the header, in a frame's header and in its page; all frames but one or two are intact all the same."""
    wounded = bytearray(log)
    wounded[at] ^= 0x15
    assert 1 <= lost_frames(bytes(wounded), (tmp_path / "db-shm").read_bytes()) <= 2


def test_frames_of_an_earlier_round_are_no_damage(tmp_path: Path, log: bytes) -> None:
    """SQLite begins anew at the front of the log; what is behind is from before."""
    with sqlite3.connect(tmp_path / "db", isolation_level=None) as db:
        db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        db.execute("INSERT INTO t (a) VALUES ('after')")
        again, index = (tmp_path / "db-wal").read_bytes(), (tmp_path / "db-shm").read_bytes()
    db.close()
    found = frames(again)
    assert len(again) == len(log)
    assert 0 < sum(frame.intact for frame in found) < len(found)
    assert lost_frames(again, index) == 0


def test_rubbish_gives_nothing_and_ends() -> None:
    """Pages of noise, and rows whose overflow pages lead in a circle."""
    noise = os.urandom(4096 * 8)
    assert all(isinstance(list(records(Pages(noise, [], size))), list) for size in (4096, PAGE_BYTES))
    circle = bytearray(4096)
    circle[0], circle[4], circle[8:10] = 13, 1, (100).to_bytes(2, "big")
    circle[100:110] = b"\xff\xff\xff\xff\x7f\x01" + bytes(4)
    local = 100 + 6 + 4061
    assert local > 4096
    assert list(records(Pages(bytes(circle) * 2, [], 4096))) == []


def test_a_file_whose_header_is_lost_is_read_at_either_size(log: bytes, tmp_path: Path) -> None:
    """The log knows; without one, both are tried."""
    file = (tmp_path / "db").read_bytes()
    assert page_sizes(bytes(100), frames(log)) == page_sizes(file or bytes(100), frames(log))
    assert set(page_sizes(bytes(100), [])) == {4096, PAGE_BYTES}
