"""How an error reaches the person who typed the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.cli.main import cli, main


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_adds_a_traceback_and_keeps_the_exit_code(
    i2e: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Exit code 1 is kept for what was measured and failed, whatever is printed beside it."""
    monkeypatch.chdir(tmp_path)
    words = ("traces", "--where", "nonsense") if place == "before" else ("gate",)
    plain = i2e(*words)
    debug = i2e("--debug", *words) if place == "before" else i2e(*words, "--debug")
    assert (plain.code, debug.code) == (2, 2)
    assert "Traceback" in debug.err
    assert "Traceback" not in plain.err
    assert debug.err.splitlines()[-1] == plain.err.splitlines()[-1]


def test_wrong_usage_is_one_line_that_names_the_help(i2e: Callable[..., Any]) -> None:
    """A mistyped option is answered in the same form as every other error."""
    ran = i2e("gate", "--no-such-option")
    assert ran.code == 2
    assert ran.err.startswith("i2e: error: No such option")
    assert ran.err.strip().endswith("see `i2e gate --help`")
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/x/y"), "i2e: error: /x/y: No space left on device"),
        (ZeroDivisionError("by\nzero"), "i2e: error: ZeroDivisionError: by; a defect in otel-i2e: --debug shows where"),
        (
            BaseExceptionGroup("two", [GeneratorExit()]),
            "i2e: error: BaseExceptionGroup: two (1 sub-exception); a defect",
        ),
    ],
)
def test_what_nobody_foresaw_is_one_line_and_no_regression(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, said: str
) -> None:
    """Exit code 1 says that a release got worse: a fault of ours is 2."""

    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli, "main", broken)
    with pytest.raises(SystemExit) as ended:
        main(["traces"])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(said)


def test_an_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever it arrives: 130, as a shell has it, and no traceback."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    with pytest.raises(SystemExit) as ended:
        main(["traces"])
    assert (ended.value.code, capsys.readouterr().err) == (130, "i2e: interrupted\n")
