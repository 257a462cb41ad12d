"""A store that was found damaged: what is intact is opened, the rest set aside, and nobody else's file touched."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from otel_i2e.damage import damaged_beside
from otel_i2e.errors import StoreDamaged, StoreError
from otel_i2e.store import Store
from otel_i2e.store.mending import in_place_record, log_of
from otel_i2e.testing import llm_span, row_of

pytestmark = pytest.mark.usefixtures("schema_made_anew")

_KILLED = """
import os, sys
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of

with Store(sys.argv[1]).write() as writer:
    writer._connection.execute("SET checkpoint_threshold = '1GB'")  # as DuckDB does by itself: first into the log
    writer.add_spans([row_of(llm_span("in the log", trace_id="b" * 32))])
    writer._connection.execute("COMMIT")
    os._exit(0)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """One span in the file, and one in the log that a process left when it was killed."""
    found = Store(tmp_path / "s.duckdb")
    with found.write() as writer:
        writer.add_spans([row_of(llm_span("in the file", trace_id="a" * 32))])
    subprocess.run([sys.executable, "-c", _KILLED, str(found.path)], check=True)
    assert log_of(found.path).stat().st_size > 500
    return found


def _read(store: Store) -> set[str]:
    with store.read() as reader:
        return {row["trace_id"][0] for row in reader.rows("SELECT trace_id FROM spans")}


def _flip(path: Path, at: int) -> None:
    whole = bytearray(path.read_bytes())
    whole[at] ^= 0xFF
    path.write_bytes(whole)


@pytest.mark.parametrize("mode", ["read", "write"])
def test_zeros_after_the_log_are_cut_without_a_word(store: Store, mode: str) -> None:
    """A power cut leaves them; nothing is lost, so nothing is reported."""
    with log_of(store.path).open("ab") as log:
        log.write(bytes(4096))
    if mode == "write":
        with store.write():
            pass
    assert _read(store) == {"a", "b"}
    assert damaged_beside(store.path) == []


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_damaged_log_is_cut_and_kept(store: Store, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    """What came before the damage is there; a copy of the whole log lies beside, with a record and a loud line."""
    whole = bytearray(log_of(store.path).read_bytes())
    whole[-50] ^= 0xFF
    log_of(store.path).write_bytes(whole)
    with caplog.at_level(logging.ERROR, "otel_i2e"):
        if mode == "write":
            with store.write():
                pass
        assert _read(store) == {"a"}
    (part,) = damaged_beside(store.path)
    assert (part.what, part.saved) == ("log", None)
    assert part.path.read_bytes() == bytes(whole)
    assert "s.duckdb.wal is damaged" in caplog.text
    assert "i2e repair" in caplog.text


def test_a_wrong_size_inside_the_log_is_noticed(store: Store) -> None:
    """DuckDB takes it for the end of the log; the entries behind it are kept."""
    _flip(log_of(store.path), 40)
    assert _read(store) == {"a"}  # a reader does not look; nothing is taken away
    with store.write():
        pass
    parts = damaged_beside(store.path)  # two, when DuckDB then stumbles over what the wrong size makes of the rest
    assert {part.what for part in parts} == {"log"}


def test_a_store_that_cannot_be_opened_is_set_aside_with_its_log(store: Store) -> None:
    """A new one takes its place, so that work goes on; both old files lie together, under DuckDB's names."""
    _flip(store.path, 5000)
    _flip(store.path, 9000)
    with pytest.raises(StoreDamaged, match=r"set aside as .*i2e repair"):  # an empty one would say: nothing was there
        _read(store)
    (part,) = damaged_beside(store.path)
    assert part.what == "store"
    assert _read(store) == set()
    assert log_of(part.path).exists()
    with store.write() as writer:
        writer.add_spans([row_of(llm_span(trace_id="c" * 32))])
    assert _read(store) == {"c"}


def test_a_reader_that_meets_damage_later_leaves_the_store_where_it_is(tmp_path: Path) -> None:
    """It is recorded once, and what was not asked for can still be read."""
    store = Store(tmp_path / "s.duckdb")
    with store.write() as writer:
        writer.add_spans([row_of(llm_span("x" * 3000, trace_id=f"{n:032x}")) for n in range(300)])
    found = False
    for at in range(13_000, store.path.stat().st_size, 40_000):
        whole = store.path.read_bytes()
        _flip(store.path, at)
        try:
            with store.read() as reader:
                reader.rows("SELECT * FROM span_rows")
        except StoreDamaged:
            found = found or in_place_record(store.path).exists()
        for part in tmp_path.glob("*.damaged*"):
            part.unlink()
        store.path.write_bytes(whole)
    assert found


def test_a_database_of_sqlite_is_not_ours(tmp_path: Path) -> None:
    """DuckDB would load an extension to read it, which is not allowed here."""
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as made:
        made.execute("CREATE TABLE t (a)")
        made.commit()
    for access in (Store(other).write, Store(other).read):
        with pytest.raises(StoreError, match="is not a DuckDB file"), access():
            pass
    assert damaged_beside(other) == []


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """`--store notes.txt` is a mistake, not damage."""
    notes = tmp_path / "notes.txt"
    notes.write_text("not a database\n" * 2000)
    with pytest.raises(StoreError, match="is not a DuckDB file"), Store(notes).write():
        pass
    with pytest.raises(StoreError, match="is not a DuckDB file"), Store(notes).read():
        pass
    assert notes.read_text().startswith("not a database")
    assert damaged_beside(notes) == []
