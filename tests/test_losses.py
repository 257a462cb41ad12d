"""What could not reach the spool: why, and how much."""

from __future__ import annotations

import errno
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from otel_i2e.losses import keep_losses, kept_losses, remedy, why_unwritable


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder of this test."""
    folder = tmp_path / "notes"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_place_that_can_be_written_has_no_error_and_no_new_file(tmp_path: Path) -> None:
    """Whether its folder is there yet or not."""
    before = sorted(tmp_path.rglob("*"))
    assert why_unwritable(tmp_path / "s.spool") is None
    assert why_unwritable(tmp_path / "not" / "yet" / "s.spool") is None
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_in_the_way(tmp_path: Path) -> None:
    """What the system says, with what to do."""
    (tmp_path / "file").touch()
    error = why_unwritable(tmp_path / "file" / "below" / "s.spool")
    assert error is not None
    assert error.errno == errno.ENOTDIR
    assert "remove it" in remedy(error)
    folder = why_unwritable(tmp_path)
    assert folder is not None
    assert folder.errno == errno.EISDIR


def test_a_full_disk(tmp_path: Path) -> None:
    """Room for nothing more is found out by writing, and the disk is left as it was."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a small disk")
    try:
        assert why_unwritable(disk / "s.spool") is None
        (disk / "big").write_bytes(bytes(1_000_000))
        error = why_unwritable(disk / "s.spool")
        assert error is not None
        assert error.errno == errno.ENOSPC
        assert "free some space" in remedy(error)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_losses_of_two_processes_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writes its own total; another spool has its own; a broken note hides no other."""
    spool = tmp_path / "s.spool"
    lost = ("dropped", "disk error: No space left on device")
    keep_losses(spool, {lost: 1})
    keep_losses(spool, {lost: 3})
    monkeypatch.setattr("os.getpid", lambda: 1)
    keep_losses(spool, {lost: 4, ("dropped", "queue full"): 1})
    assert kept_losses(spool) == {lost: 7, ("dropped", "queue full"): 1}
    keep_losses(spool, {})
    assert kept_losses(spool) == {lost: 3}
    (note,) = (tmp_path / "notes").iterdir()
    note.write_text("nonsense")
    assert kept_losses(spool) == {}
    assert kept_losses(tmp_path / "other.spool") == {}


def test_a_note_that_cannot_be_written_is_no_error(tmp_path: Path, notes: Path) -> None:
    """The application must not see it."""
    notes.rmdir()
    keep_losses(tmp_path / "s.spool", {("dropped", "x"): 1})
    assert kept_losses(tmp_path / "s.spool") == {}
