"""The table at the end of `pytest --figures`."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Literal

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


def _report(
    path: str, line: int, printed: str, outcome: Literal["passed", "failed", "skipped"] = "passed"
) -> pytest.TestReport:
    sections = [("Captured stdout call", printed)] if printed else []
    return pytest.TestReport(f"{path}::t", (path, line, "t[a]"), {}, outcome, None, "call", sections)


def test_lines_stand_in_the_order_of_files_and_equal_ones_are_counted() -> None:
    """Whichever worker was first; a test that printed nothing is left out, unless it failed."""
    figures = runpy.run_path(str(CONFTEST))["figures"]
    passed = [
        _report("tests/faults/test_b_c.py", 9, "second\n"),
        _report("tests/faults/test_b_c.py", 2, "  first\n\n"),
        _report("tests/faults/test_a.py", 5, "same\n"),
        _report("tests/faults/test_a.py", 5, "same\n"),
        _report("tests/faults/test_a.py", 7, ""),
    ]
    failed = [_report("tests/faults/test_a.py", 1, "got 3\n", "failed"), _report("tests/z.py", 1, "", "failed")]
    assert figures({"passed": passed, "failed": failed}) == [
        ("a", "FAILED: got 3"),
        ("a", "2 × same"),
        ("b c", "first"),
        ("b c", "second"),
        ("z", "FAILED: t[a]"),
    ]


def test_the_table_of_faults_has_a_line_for_each_row() -> None:
    """With its figure, or that it failed or was not run; without any test of a fault there is no table."""
    loaded = runpy.run_path(str(CONFTEST.with_name("faults") / "fault_table.py"))
    table, rows = loaded["fault_table"], loaded["ROWS"]
    assert table([("spool", "something else")]) == []
    lines = [
        ("receiver killed", "4 kills of the receiver: 480 acknowledged, 0 missing"),
        ("receiver bodies", "gzip, RSS grew 4.5 MiB"),
        ("receiver bodies", "deflate, RSS grew 41.0 MiB"),
        ("receiver twice", "FAILED: 3 rows"),
    ]
    told = table(lines)
    assert len(told) == len(rows)
    assert told[0].endswith("held: 4 kills of the receiver: 480 acknowledged, 0 missing")
    assert told[3].endswith("held: 2 attacks refused, RSS grew 41.0 MiB at most")
    assert [line.rpartition("): ")[2] for line in told if "twice, shuffled" in line] == ["FAILED: 3 rows"]
    assert told[-1].endswith("not run")


def test_every_row_of_faults_has_its_tests() -> None:
    """A file that is renamed would leave its row silent."""
    folder = CONFTEST.with_name("faults")
    there = {path.stem.removeprefix("test_").replace("_", " ") for path in folder.glob("test_*.py")}
    for row in runpy.run_path(str(folder / "fault_table.py"))["ROWS"]:
        assert set(row.suites) <= there, row.fault
