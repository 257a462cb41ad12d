"""Rows for the terminal."""

from __future__ import annotations

from otel_i2e.gate.reports import COLUMNS, grid
from otel_i2e.models import Decision, Experiment


def test_one_row_per_case_worst_first(mixed: tuple[Decision, Experiment]) -> None:
    """Every case is a row, with its reasons."""
    rows = grid(mixed[0])
    assert [row[0].strip() for row in rows] == ["blocked", "waiting", "lost", "overridden", "logged", "good"]
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert rows[2][3:5] == ("not measured", "0/0 of 1")
    assert rows[2][7] == "judge broke: no key"


def test_many_passing_cases_are_one_row(mixed: tuple[Decision, Experiment]) -> None:
    """What did not pass is always listed."""
    rows = grid(mixed[0], most=3)
    assert [row[0].strip() for row in rows] == ["blocked", "waiting", "lost", "overridden", "logged", "1 more"]
    assert rows[-1][3] == "passed"
    assert {len(row) for row in rows} == {len(COLUMNS)}


def test_cells_are_printable(hostile: tuple[Decision, Experiment]) -> None:
    """No control character reaches a terminal."""
    assert all(cell.isprintable() for row in grid(hostile[0]) for cell in row)
