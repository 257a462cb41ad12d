"""What a recorder lost is counted, said once, and moved into the spool's counters."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_i2e.capture.counts import Counts
from otel_i2e.errors import SpoolError
from otel_i2e.losses import kept_losses
from otel_i2e.spool import Spool


def _unusable() -> Spool:
    raise SpoolError("the disk is gone")


def test_counts_add_up_until_the_spool_has_them(tmp_path: Path) -> None:
    """And are not moved twice."""
    counts, spool = Counts(tmp_path / "s"), Spool(tmp_path / "s")
    counts.add("dropped", "queue full", 2)
    counts.add("dropped", "queue full")
    assert counts.waiting() == {("dropped", "queue full"): 3}
    for _ in range(2):
        counts.move_into(lambda: spool)
    assert counts.waiting() == {}
    assert spool.counters() == {("dropped", "queue full"): 3}
    spool.close()


def test_each_reason_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With its remedy; what happens every day is not said."""
    counts = Counts(tmp_path / "s")
    counts.add("dropped", "disk error", remedy="make room")
    counts.add("dropped", "disk error", remedy="make room")
    counts.add("redacted", "a key", aloud=False)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert "dropped: disk error; make room" in said[0]
    assert counts.waiting() == {("dropped", "disk error"): 2, ("redacted", "a key"): 1}


def test_what_the_spool_does_not_take_is_noted(tmp_path: Path) -> None:
    """Until it does; then the note goes."""
    counts, spool = Counts(tmp_path / "s"), Spool(tmp_path / "s")
    counts.add("dropped", "disk error")
    counts.move_into(_unusable)
    assert counts.waiting() == {("dropped", "disk error"): 1}
    assert kept_losses(tmp_path / "s") == counts.waiting()
    counts.move_into(lambda: spool)
    assert kept_losses(tmp_path / "s") == {}
    spool.close()


def test_what_an_end_left_unflushed_is_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Beside what else was lost; where the process goes on, it is flushed yet, and is counted nowhere."""
    counts, spool = Counts(tmp_path / "s"), Spool(tmp_path / "s")
    counts.add("dropped", "disk error")
    counts.note_unflushed(3)
    counts.note_unflushed(4)
    lost = {("dropped", "disk error"): 1, ("dropped", "not flushed at exit"): 4}
    assert kept_losses(tmp_path / "s") == lost
    assert caplog.text.count("not flushed at exit") == 1
    counts.move_into(lambda: spool)
    assert kept_losses(tmp_path / "s") == {}
    assert spool.counters() == {("dropped", "disk error"): 1}
    spool.close()
