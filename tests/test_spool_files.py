"""Which file is the present one, and what can be read in one that was left."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from otel_i2e.spool import Spool
from otel_i2e.spool_files import abandon, damaged_log, intact_rows, is_abandoned, present_file

_KILLED = """
import os, sys
from pathlib import Path
from otel_i2e.spool import Spool
spool = Spool(Path(sys.argv[1]))
for n in range(20):
    spool.put(bytes([n]) * 3000, items=n)
os._exit(0)
"""


def _killed(path: Path) -> Path:
    subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=True)
    return path.with_name(path.name + "-wal")


def _flip(path: Path, at: int) -> None:
    whole = bytearray(path.read_bytes())
    whole[at] ^= 0xFF
    path.write_bytes(whole)


def test_every_damaged_file_is_followed_by_the_next(tmp_path: Path) -> None:
    """Numbers grow; a file is left once, and the first reason stays."""
    path = tmp_path / "s"
    assert present_file(path) == path
    abandon(path, "one")
    abandon(path, "two")
    assert is_abandoned(path)
    assert present_file(path) == tmp_path / "s.1"
    abandon(tmp_path / "s.1", "three")
    assert present_file(path) == tmp_path / "s.2"
    assert "one" in (tmp_path / "s.damaged.json").read_text()


def test_a_log_that_a_kill_left_is_not_damaged(tmp_path: Path) -> None:
    """Every batch in it can be read without SQLite, too."""
    log = _killed(tmp_path / "s")
    assert damaged_log(tmp_path / "s") is None
    assert [row[2] for row in intact_rows(tmp_path / "s")] == list(range(20))
    assert damaged_log(tmp_path / "absent") is None
    assert log.exists()


def test_a_changed_byte_in_the_log_loses_the_batch_that_it_is_in(tmp_path: Path) -> None:
    """SQLite alone would lose it and, without a word, every one after it."""
    log = _killed(tmp_path / "s")
    _flip(log, log.stat().st_size // 2)
    assert damaged_log(tmp_path / "s") is not None
    spool = Spool(tmp_path / "s")
    with spool.claim() as batches:
        found = {batch.items for batch in batches}
    spool.close()
    assert len(found) >= 18
    assert {0, 19} <= found


def test_a_spool_of_an_earlier_version_keeps_its_pages_and_is_read(tmp_path: Path) -> None:
    """Of SQLite's usual 4,096 bytes: with its log and from the file alone."""
    path = tmp_path / "s"
    with sqlite3.connect(path, isolation_level=None) as db:
        db.executescript("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
    db.close()
    _killed(path)
    assert path.read_bytes()[16:18] == b"\x10\x00"
    assert damaged_log(path) is None
    assert [row[2] for row in intact_rows(path)] == list(range(20))
    spool = Spool(path)
    assert spool.stats().batches == 20
    spool.close()
    assert sorted(row[2] for row in intact_rows(path)) == list(range(20))


def test_a_row_whose_checksum_is_wrong_is_not_given(tmp_path: Path) -> None:
    """What cannot be told from noise is not put again."""
    spool = Spool(tmp_path / "s")
    spool.put(b"a" * 100)
    spool.put(b"b" * 100)
    spool.close()
    _flip(tmp_path / "s", (tmp_path / "s").read_bytes().index(b"a" * 50))
    assert [row[4] for row in intact_rows(tmp_path / "s")] == [b"b" * 100]
