"""What is set aside stays whole, is recorded once, and is found again."""

from __future__ import annotations

from pathlib import Path

from otel_i2e.damage import damaged_beside, note_saved, record_of, set_aside, write_record


def test_a_part_moves_with_its_followers(tmp_path: Path) -> None:
    """The bytes are the same, the old names are free, the record says what and why."""
    store = tmp_path / "s.duckdb"
    store.write_bytes(b"store")
    store.with_name("s.duckdb.wal").write_bytes(b"log")
    place = set_aside(store, "store", "bad block", followers=(".wal",))
    assert not store.exists()
    assert place.read_bytes() == b"store"
    assert place.with_name(place.name + ".wal").read_bytes() == b"log"
    (part,) = damaged_beside(store)
    assert (part.path, part.what, part.reason, part.saved) == (place, "store", "bad block", None)


def test_two_in_one_second_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """Each has a name of its own."""
    store = tmp_path / "s.duckdb"
    for content in (b"1", b"2"):
        store.write_bytes(content)
        set_aside(store, "store", "bad")
    assert sorted(part.path.read_bytes() for part in damaged_beside(store)) == [b"1", b"2"]


def test_a_copy_leaves_the_part_in_place(tmp_path: Path) -> None:
    """For a part that is mended where it lies."""
    log = tmp_path / "s.duckdb.wal"
    log.write_bytes(b"log")
    assert set_aside(log, "log", "bad", copy=True).read_bytes() == log.read_bytes() == b"log"


def test_a_record_is_written_once_and_can_say_what_was_saved(tmp_path: Path) -> None:
    """The first to find it records it."""
    store = tmp_path / "s.duckdb"
    store.write_bytes(b"x")
    record = record_of(store.with_name("s.duckdb.damaged"))
    assert write_record(record, "store", "first")
    assert not write_record(record, "store", "second")
    (part,) = damaged_beside(store)
    assert (part.path, part.reason) == (store, "first")
    note_saved(part, {"spans": 3})
    assert damaged_beside(store)[0].saved == {"spans": 3}
    assert {path.name for path in tmp_path.iterdir()} == {"s.duckdb", "s.duckdb.damaged.json"}


def test_an_unreadable_record_is_a_finding_too(tmp_path: Path) -> None:
    """Nothing set aside is forgotten because of its record; the parts of other stores are not ours."""
    (tmp_path / "s.duckdb.damaged-1").write_bytes(b"x")
    (tmp_path / "s.duckdb.damaged-1.json").write_text("{")
    (tmp_path / "other.damaged-1.json").write_text("{}")
    assert [part.reason for part in damaged_beside(tmp_path / "s.duckdb")] == ["its record cannot be read"]
    assert damaged_beside(tmp_path / "absent" / "s.duckdb") == []
