"""`i2e demo`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.text import Text

__all__ = ["command"]


@click.command("demo")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Play in DIR and leave it there."
)
@click.option("--offline", is_flag=True, help="Use the local model even when ANTHROPIC_API_KEY is set.")
def command(keep: Path | None, offline: bool) -> None:
    """Watch the whole loop on a small support agent, in under a minute.

    Two processes record, a query finds a wrong answer, it becomes a case, and the gate holds back the release
    until the prompt is fixed. Claude answers when ANTHROPIC_API_KEY is set, else a local Messages API does.
    """
    from otel_i2e.workflows.demo import demo

    offline = offline or not os.environ.get("ANTHROPIC_API_KEY")
    if keep is not None:
        demo(keep.absolute(), _Teller(), offline=offline, kept=True)
        return
    with TemporaryDirectory(prefix="i2e-demo-", ignore_cleanup_errors=True) as folder:
        demo(Path(folder), _Teller(), offline=offline, kept=False)


class _Teller:
    """Tells the story on stdout; on a terminal, lines are cut at its width."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, soft_wrap=True)
        self._chapters = 0

    def title(self, text: str, notes: Sequence[str]) -> None:
        self._print(Text(text, "bold"))
        for note in notes:
            self._print(Text(note, "dim"))

    def chapter(self, title: str, text: str) -> None:
        self._chapters += 1
        self._print(Text.assemble("\n", (f"{self._chapters} {title}", "bold cyan"), f"  {text}"))

    def source(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._print(Text(f"  {line}", {"+": "green", "-": "red"}.get(line[:1], "magenta")))

    def command(self, line: str, note: str) -> None:
        said = Text.assemble("$ ", (line, "bold"), (f"   # {note}" if note else "", "dim"))
        self._print(said)

    def output(self, lines: Sequence[str]) -> None:
        for line in _aligned(lines):
            self._print(Text(f"  {line}", _style(line)))

    def exit_code(self, code: int, meaning: str) -> None:
        self._print(Text(f"  exit {code}: {meaning}", "bold red" if code else "bold green"))

    def end(self, lines: Sequence[str]) -> None:
        self._print(Text())
        for line in lines:
            self._print(Text(line))

    def _print(self, text: Text) -> None:
        if self._console.is_terminal:
            text.truncate(max(self._console.width, 40), overflow="ellipsis")
        self._console.print(text)
        sys.stdout.flush()


def _aligned(lines: Sequence[str]) -> list[str]:
    """Lines with their tabs replaced, so that cells stand below one another."""
    rows = [line.split("\t") for line in lines]
    widths = [max(map(len, column)) for column in zip_longest(*(row for row in rows if len(row) > 1), fillvalue="")]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        if len(row) > 1
        else row[0]
        for row in rows
    ]


def _style(line: str) -> str:
    return "red" if re.search(r"✗|^·|^- P0|FAIL", line) else "green" if "fixed" in line or ": pass" in line else ""
