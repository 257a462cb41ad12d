"""Whatever the console can show, a command says what it has to say."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.cli.echo import echo
from otel_i2e.cli.output import emit_json, table
from otel_i2e.cli.streams import streams


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`on("ascii", call)`: what stands on the stdout of such a console after the call."""

    def run(encoding: str, call: Callable[[], Any], *, terminal: bool = False) -> str:
        raw = io.BytesIO()
        console = io.TextIOWrapper(raw, encoding)
        with monkeypatch.context() as patch:
            patch.setattr(console, "isatty", lambda: terminal)
            patch.setattr(sys, "stdout", console)
            with streams():
                call()
        return raw.getvalue().decode(encoding)

    return run


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "✗ 3 µs → é 漢 ?"),
        ("latin-1", "x 3 µs -> é ? ?"),
        ("cp1252", "x 3 µs -> é ? ?"),
        ("ascii", "x 3 us -> e ? ?"),
    ],
)
def test_what_a_console_cannot_show_is_written_plainly(on: Callable[..., str], encoding: str, shown: str) -> None:
    """A lone surrogate, of a file name that is not UTF-8, included."""
    assert on(encoding, lambda: echo("✗ 3 µs → é 漢 \udc80")) == shown + "\n"


def test_plain_writing_makes_no_command(on: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Full-width signs are no letters, and stay none of ASCII's."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    row = on("ascii", lambda: echo("\uff1a\uff1aerror::x ::y \uff03\uff03[z"))
    assert not row.lstrip().startswith("::")
    assert "##[" not in row


def test_json_loses_nothing_on_any_console(on: Callable[..., str]) -> None:
    """Escapes stand for what cannot be shown."""
    body = {"answer": "✗ 漢 🙂 é"}
    assert json.loads(on("cp1252", lambda: emit_json(body))) == body
    assert "漢" in on("utf-8", lambda: emit_json(body))


def test_a_table_has_lines_on_any_terminal(on: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ASCII where there is no more, and as wide as the terminal."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    rows = on("ascii", lambda: table(("id", "why"), [("é", "x" * 100)]), terminal=True).splitlines()
    assert {len(row) for row in rows if "\x1b" not in row} == {40}
    assert rows[0].startswith("+-")


def test_streams_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """All three closed: a command reads nothing and is heard by nobody."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    with streams():
        echo("x")
        echo("x", err=True)
        read = sys.stdin.read()
    assert (read, sys.stdout) == ("", None)
