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
