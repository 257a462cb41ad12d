"""Requests that could not be stored are kept, within bounds."""

from __future__ import annotations

from pathlib import Path

from otel_i2e.config import Settings
from otel_i2e.spool import Batch
from otel_i2e.workflows.rejects import rejects_folder, set_aside


def batch(number: int, body: bytes = b"x" * 10) -> Batch:
    """A batch received some seconds after the epoch."""
    return Batch(number, "traces", "protobuf", 1, float(number), body)


def test_bytes_and_reasons_are_kept(tmp_path: Path) -> None:
    """The request as it arrived, named by time and number, and why."""
    folder = rejects_folder(Settings(store=str(tmp_path / "i2e.duckdb")))
    assert set_aside(folder, batch(7), "not decodable")
    assert folder == tmp_path / "i2e.duckdb.rejected"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "19700101T000007Z-00000007-traces.pb": b"x" * 10,
        "19700101T000007Z-00000007-traces.txt": b"not decodable\n",
    }


def test_the_oldest_make_room(tmp_path: Path) -> None:
    """The folder never holds more than its limit; a request larger than that is not kept, and said."""
    for number in range(1, 6):
        assert set_aside(tmp_path, batch(number), "why", max_bytes=35)
    assert [path.name[17:25] for path in sorted(tmp_path.glob("*.pb"))] == ["00000003", "00000004", "00000005"]
    assert len(list(tmp_path.glob("*.txt"))) == 3
    assert not set_aside(tmp_path, batch(6, b"x" * 40), "why", max_bytes=35)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """The caller counts it and goes on."""
    (tmp_path / "file").write_text("")
    assert not set_aside(tmp_path / "file", batch(1), "why")
