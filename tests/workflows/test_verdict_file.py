"""The project's file of verdicts: sorted lines, merged, broken lines named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from otel_i2e.errors import DatasetError
from otel_i2e.models import RecordedVerdict
from otel_i2e.workflows.verdict_file import read_verdicts, write_verdicts


def recorded(request: str, choice: str = "good", judge: str = "tone") -> RecordedVerdict:
    """A verdict on `request` (one hex digit)."""
    at = datetime(2026, 5, 4, tzinfo=UTC)
    return RecordedVerdict(request=request * 64, judge=judge, identity="i", choice=choice, model="m", recorded_at=at)


def test_verdicts_are_merged_by_request_and_sorted(tmp_path: Path) -> None:
    """The newer of two verdicts on one request stays, the order does not depend on the run."""
    path = tmp_path / "evals" / "verdicts.jsonl"
    assert write_verdicts(path, [recorded("b"), recorded("a"), recorded("c", judge="must")]) == 3
    assert write_verdicts(path, [recorded("a", "bad")]) == 3
    assert [one.request[0] for one in read_verdicts(path).values()] == ["c", "a", "b"]
    assert read_verdicts(path)["a" * 64].choice == "bad"
    assert [entry.name for entry in path.parent.iterdir()] == ["verdicts.jsonl"]


def test_no_file_has_no_verdicts(tmp_path: Path) -> None:
    """A project that records none is no error."""
    assert read_verdicts(tmp_path / "verdicts.jsonl") == {}


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    """File, line and field; a verdict that cannot be read is not passed over."""
    path = tmp_path / "verdicts.jsonl"
    write_verdicts(path, [recorded("a")])
    path.write_text(path.read_text() + '\n{"request": "x"}\n')
    with pytest.raises(DatasetError, match=r"verdicts\.jsonl:3: not a recorded verdict: request: .*delete the line"):
        read_verdicts(path)
    path.write_bytes(b"\xff")
    with pytest.raises(DatasetError, match="not UTF-8"):
        read_verdicts(path)
