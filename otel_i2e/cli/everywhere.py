"""The options of every command, `--quiet` and its like: they stand before the command or after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, TypeVar

import click

__all__ = ["begin", "everywhere", "in_front", "is_on", "log_on_stderr"]

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS: Final[dict[tuple[str, ...], dict[str, Any]]] = {
    ("-o", "--output"): {"metavar": "FILE", "help": "Write to FILE what would go to stdout."},
    ("-q", "--quiet"): {"is_flag": True, "help": "No progress and no notes; of a decision one line."},
    ("-v", "--verbose"): {"is_flag": True, "help": "Log on stderr what is done."},
    ("--no-input",): {"is_flag": True, "help": "Ask nobody anything: open no editor."},
    ("--debug",): {"is_flag": True, "help": "Show a traceback when something goes wrong."},
}
_SWITCHES: Final = frozenset(name for names, how in _OPTIONS.items() for name in names if how.get("is_flag"))
_WITH_VALUE: Final = frozenset(name for names in _OPTIONS for name in names) - _SWITCHES


def everywhere(group: F) -> F:
    """The options, on the group of all commands."""
    for names, how in reversed(_OPTIONS.items()):
        group = click.option(*names, **how)(group)
    return group


def in_front(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those options, wherever they stand before `--`; and all other arguments."""
    ours: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            return ours, [*rest, word, *words]
        if word in _SWITCHES or word.startswith("--output="):
            ours.append(word)
        elif word in _WITH_VALUE:
            ours += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            rest.append(word)
    return ours, rest


def begin(ctx: click.Context, *, output: str | None, quiet: bool, verbose: bool, no_input: bool) -> None:
    """Take them at their word, until the command has ended. `--debug` is for what comes after that: see `main`."""
    ctx.obj = {"quiet": quiet, "no_input": no_input, "output": output not in (None, "-")}
    if verbose:
        log_on_stderr()
    if output not in (None, "-"):
        ctx.with_resource(_into(Path(output or "")))


def is_on(name: str) -> bool:
    """Whether `quiet`, `no_input` or `output` was asked for."""
    ctx = click.get_current_context(silent=True)
    asked: dict[str, bool] | None = ctx.find_root().obj if ctx is not None else None
    return asked is not None and asked.get(name, False)


def log_on_stderr() -> None:
    """What otel-i2e logs, with the time."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("otel_i2e").setLevel(logging.INFO)


@contextmanager
def _into(path: Path) -> Generator[None]:
    """What is printed is the file's content once the command has ended; where it prints nothing, the file stays."""
    special = path.exists() and not path.is_file()
    draft = path if special else path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        file = draft.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise click.UsageError(f"--output {str(path)!r} cannot be written: {error.strerror}") from None
    try:
        with file, redirect_stdout(file):
            yield
    finally:
        if not special:
            draft.replace(path) if draft.stat().st_size else draft.unlink()
