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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"choice":"good"', '"choice":"bad","choice":"good"', "key 'choice' is there twice"),
        ('"model":"m"', '"model":"m","cost_usd":NaN', "NaN is not JSON"),
        ('"model":"m"', '"model":"m","cost_usd":1e999', "1e999 is too large for a number"),
    ],
)
def test_what_a_parser_would_settle_silently_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Of two choices the last would count."""
    path = tmp_path / "verdicts.jsonl"
    write_verdicts(path, [recorded("a")])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DatasetError, match=rf"verdicts\.jsonl:1: not a recorded verdict: {said}.*delete the line"):
        read_verdicts(path)


def test_two_verdicts_on_one_request_that_differ_are_told(tmp_path: Path) -> None:
    """As a merge leaves them; two that agree are one. A line ends at a newline, and at nothing else in a text."""
    path = tmp_path / "verdicts.jsonl"
    one = recorded("a").model_copy(update={"reasoning": "a\u2028b"})
    write_verdicts(path, [one])
    again = one.model_copy(update={"model": "n"})
    path.write_text(path.read_text() + again.model_dump_json() + "\n", encoding="utf-8")
    assert list(read_verdicts(path).values()) == [again]
    path.write_text(path.read_text() + recorded("a", "bad").model_dump_json() + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"jsonl:3: 'bad' on a request that has 'good' above; delete one"):
        read_verdicts(path)
