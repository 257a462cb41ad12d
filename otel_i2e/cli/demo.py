"""`i2e demo`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
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
    """Tells the story on stdout, between the outputs of the commands, which write there themselves."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())
        self._chapters = 0

    def title(self, text: str, notes: Sequence[str]) -> None:
        self._print(Text(text, "bold"))
        for note in notes:
            self._print(Text(f"  {note}", "dim"))

    def chapter(self, title: str, text: str) -> None:
        self._chapters += 1
        self._print(Text.assemble("\n", (f"{self._chapters} {title}", "bold cyan"), f"  {text}"))

    def quote(self, who: str, text: str) -> None:
        self._print(Text.assemble((f"{who:>9}  ", "bold"), f"“{text}”"))

    def source(self, lines: Sequence[str]) -> None:
        for line in lines:
            style = {"+": "green", "-": "red"}.get(line[:1], "magenta")
            self._print(Text(f"    {line}", style))

    def command(self, line: str) -> None:
        self._print(Text.assemble(("$ ", "bold"), (line, "bold green")))

    def exit_code(self, code: int, meaning: str) -> None:
        self._print(Text(f"exit {code}: {meaning}", "bold red" if code else "bold green"))

    def end(self, lines: Sequence[str]) -> None:
        self._print(Text())
        for line in lines:
            self._print(Text(line))

    def _print(self, text: Text) -> None:
        self._console.print(text)
        sys.stdout.flush()  # the next command writes to the same place
