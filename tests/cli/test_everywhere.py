"""Options of every command, before it and after it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.cli.everywhere import in_front


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    monkeypatch.chdir(tmp_path)


def test_they_are_found_wherever_they_stand() -> None:
    """Up to `--`; the value of one goes with it, and one without a value is left to be refused."""
    assert in_front(["a", "-q", "--x", "-o", "f", "--", "-q"]) == (["-q", "-o", "f"], ["a", "--x", "--", "-q"])
    assert in_front(["--output=f", "a", "--debug", "-o"]) == (["--output=f", "--debug", "-o"], ["a"])


@pytest.mark.parametrize(
    "words", [("-o", "out/x.json", "status", "--json"), ("status", "--json", "--output=out/x.json")]
)
def test_output_is_a_file(i2e: Callable[..., Any], words: tuple[str, ...]) -> None:
    """Nothing of it goes to stdout; where nothing was printed the file stays as it was, and no other is left."""
    Path("out").mkdir()
    assert i2e(*words)[:2] == (0, "")
    assert "store" in json.loads(Path("out/x.json").read_text())
    before = Path("out/x.json").read_text()
    assert i2e("sql", "selec", "-o", "out/x.json").code == 2
    assert Path("out/x.json").read_text() == before
    assert [file.name for file in Path("out").iterdir()] == ["x.json"]


def test_output_that_cannot_be_written_is_one_line(i2e: Callable[..., Any]) -> None:
    """Before anything runs; `-` is stdout, and a device takes what comes."""
    ran = i2e("status", "-o", "no/such/file")
    assert (ran.code, ran.err) == (
        2,
        "i2e: error: --output 'no/such/file' cannot be written: No such file or directory; see `i2e --help`\n",
    )
    assert i2e("status", "-o").code == 2
    assert i2e("status", "-o", "-").out
    assert i2e("status", "-o", "/dev/null")[:2] == (0, "")


def test_verbose_logs_what_is_done(i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """At the level of information."""
    monkeypatch.setattr(logging.getLogger("otel_i2e"), "level", logging.WARNING)
    assert i2e("status").code == 0
    assert not logging.getLogger("otel_i2e").isEnabledFor(logging.INFO)
    assert i2e("status", "-v").code == 0
    assert logging.getLogger("otel_i2e").isEnabledFor(logging.INFO)


def test_a_shell_completes_commands(i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/commands.md says."""
    monkeypatch.setenv("_I2E_COMPLETE", "bash_source")
    assert "_I2E_COMPLETE=bash_complete" in i2e().out
    monkeypatch.setenv("_I2E_COMPLETE", "bash_complete")
    for words, number, found in (("i2e ex", "1", "plain,experiments\n"), ("i2e gate --jun", "2", "plain,--junit\n")):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", number)
        assert i2e().out == found
