"""What a terminal shows: no column is lost, whatever its width."""

from __future__ import annotations

import sys

import pytest

from otel_i2e.cli.output import prose, table


@pytest.mark.parametrize("width", ["40", "80", "300"])
def test_every_column_is_shown_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: str
) -> None:
    """Rows that do not fit stand one field a line; rows that do are a table."""
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    names = [f"column{i}" for i in range(8)]
    table(names, [[f"value {i} " * 5 for i in range(8)]])
    shown = capsys.readouterr().out
    assert all(name in shown for name in names)
    assert all(f"value {i}" in shown for i in range(8))


@pytest.mark.parametrize(("width", "shown"), [("200", "abcd"), ("60", "acd"), ("45", "ad"), ("20", "abcd")])
def test_columns_that_may_go_make_room_in_their_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: str, shown: str
) -> None:
    """No more of them than must, and none when it is of no use: then the rows have one field a line."""
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    names = [f"column {letter}" for letter in "abcd"]
    table(names, [["x" * 40] * 4], drop=["column b", "column c"])
    out = capsys.readouterr().out
    assert [name[-1] for name in names if name in out] == list(shown)
    assert ("┃" in out) is (width != "20")


def test_an_id_is_never_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Other columns give way first, or go."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    experiment = "exp-20261128-042835-bc4b75"
    table(("id", "commit", "why"), [(experiment, "0" * 12, "x" * 100)], drop=("commit",), whole=("id",))
    rows = capsys.readouterr().out.splitlines()
    assert experiment in rows[3]
    assert "…" in rows[3]
    assert {len(row) for row in rows if "\x1b" not in row} == {60}


def test_short_cells_stay_whole_as_long_as_a_column_can_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column that is needed has the room that was asked for it; an empty one that may go is not shown at all."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("TERM", "xterm")
    row = ("refund-after-100-days-of-delivery", "fails until overridden", "", "long " * 9)
    table(("case", "result", "empty", "why"), [row], drop=("empty", "why"), room={"case": 24, "why": 24})
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("refund-after-100-days-of-delivery", "fails until overridden"))
    assert "why" not in shown
    monkeypatch.setenv("COLUMNS", "120")
    table(("case", "result", "empty", "why"), [row], drop=("why", "empty"), room={"case": 24, "why": 24})
    shown = capsys.readouterr().out
    assert "why" in shown
    assert "empty" not in shown


def test_prose_is_broken_between_words_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What follows is indented; in a pipe a line stays a line."""
    text = "one two three-four five"
    prose(text, "- ")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "xterm")
    prose(text, "- ")
    assert capsys.readouterr().out.splitlines() == [f"- {text}", "- one two three-four", "  five"]
