"""How commands speak: tables on a terminal, tab-separated text in a pipe, JSON with `--json`.

Text that came from a trace is never read as markup, and control characters in it are made visible,
so that a hostile answer cannot move the cursor or recolour a report.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from textwrap import wrap
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from otel_i2e.cli.echo import echo, inert_json
from otel_i2e.cli.everywhere import is_on
from otel_i2e.cli.streams import speaks_unicode

__all__ = [
    "console",
    "counted",
    "emit_json",
    "json_option",
    "progress",
    "prose",
    "safe",
    "say",
    "store_options",
    "table",
    "tell",
]

F = TypeVar("F", bound=Callable[..., Any])
_SHORT: Final = 24
"""Characters of a cell that is not cut as long as columns can be left out instead."""
_NARROW: Final = 12


def console(*, err: bool = False) -> Console:
    """A console that honours NO_COLOR, pipes and the width of the terminal."""
    return Console(stderr=err, highlight=False, markup=False, soft_wrap=True)


def safe(value: Any) -> str:
    """`value` as one line of printable text; None is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return "".join(ch if ch.isprintable() else _visible(ch) for ch in text)


def counted(n: int, what: str) -> str:
    """`1 span`, `2,000 spans`."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _visible(char: str) -> str:
    return {"\n": "⏎", "\t": " ", "\r": ""}.get(char, repr(char)[1:-1])


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    drop: Sequence[str] = (),
    whole: Sequence[str] = (),
    room: Mapping[str, int] | None = None,
) -> None:
    """A table on a terminal; tab-separated lines with a header when stdout is not one.

    Where the terminal is too narrow, the columns of `drop` are left out, the first of them first, until it is wide
    enough; when it never is, short cells are cut, too, and then the rows are shown with one field a line. An empty
    column of `drop` is never shown. Columns of `whole` are never cut: ids to copy. `room` is what others need at least.
    """
    if not sys.stdout.isatty():
        echo("\t".join(columns))
        for row in rows:
            echo("\t".join(safe(cell) for cell in row))
        return
    cells = [[safe(cell) for cell in row] for row in rows]
    screen = Console(highlight=False, markup=False)
    widths = [max([len(name), *(len(row[position]) for row in cells)]) for position, name in enumerate(columns)]
    kept: dict[int, int] = {}
    short = 0
    for short, most in ((_SHORT, room or {}), (_NARROW, {})):
        least = [
            width if name in whole or width <= short else min(width, max(len(name), most.get(name, _NARROW)))
            for name, width in zip(columns, widths, strict=True)
        ]
        shown = [place for place, name in enumerate(columns) if name not in drop or any(row[place] for row in cells)]
        if kept := _kept(columns, {place: least[place] for place in shown}, drop, screen.width):
            break
    if not kept:
        _records(screen, columns, cells, title)
        return
    grid = Table(title=title, header_style="bold", title_justify="left", title_style="bold")
    for place, least_width in kept.items():  # a wide column gives way
        firm = widths[place] <= short or columns[place] in whole
        grid.add_column(columns[place], no_wrap=firm, min_width=least_width)
    cut = "ellipsis" if speaks_unicode(sys.stdout) else "crop"
    for row in cells:
        grid.add_row(*(Text(row[place], no_wrap=True, overflow=cut) for place in kept))
    screen.print(grid)


def _kept(columns: Sequence[str], least: Mapping[int, int], drop: Sequence[str], width: int) -> dict[int, int]:
    """Places of the columns that fit into `width`; none when they do not even without those in `drop`."""
    kept = dict(least)
    for name in (None, *drop):
        kept = {place: wide for place, wide in kept.items() if columns[place] != name}
        if sum(kept.values()) + 3 * len(kept) + 1 <= width:
            return kept
    return {}


def _records(screen: Console, columns: Sequence[str], cells: Sequence[Sequence[str]], title: str | None) -> None:
    """Rows that are too wide for the terminal, one field a line: no column is lost."""
    if title:
        screen.print(Text(title, style="bold"))
    label = max(len(name) for name in columns)
    for row in cells:
        screen.rule(style="dim")
        for name, cell in zip(columns, row, strict=True):
            if cell:
                screen.print(Text.assemble((f"{name:>{label}}  ", "bold"), cell), no_wrap=True, overflow="ellipsis")


def say(text: str) -> None:
    """One line of prose on stdout."""
    echo(text)


def tell(text: str) -> None:
    """One line on stderr, beside what is piped on; none with `--quiet`."""
    if not is_on("quiet"):
        echo(f"i2e: {text}", err=True)


def prose(text: str, mark: str = "") -> None:
    """One line; on a terminal it is broken between words, and what follows is as far in as `mark`, such as `- `."""
    if not sys.stdout.isatty():
        echo(mark + text)
        return
    width = max(Console().width, 20)
    for row in wrap(text, width, initial_indent=mark, subsequent_indent=" " * len(mark), break_on_hyphens=False):
        echo(row)


def emit_json(value: Any) -> None:
    """`value` as JSON on stdout; a contract as its fields."""
    ascii_only = not speaks_unicode(sys.stdout)
    echo(inert_json(json.dumps(value, ensure_ascii=ascii_only, indent=2, default=_jsonable)))


def _jsonable(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def progress(label: str, total: int | None) -> Generator[Callable[[int], None]]:
    """A progress bar on stderr, on a terminal only, and not with `--quiet`; yields `advance(n)`."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty() or is_on("quiet"),
        transient=True,
    )
    with bar:
        task = bar.add_task(label, total=total)
        yield lambda n: bar.advance(task, n)


def json_option(command: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def store_options(command: F) -> F:
    """`--store` and `--config`, which every command that opens the store takes."""
    command = click.option(
        "--config",
        type=click.Path(dir_okay=False),
        envvar="I2E_CONFIG",
        allow_from_autoenv=False,  # one variable for all commands, as of `--store`
        help="Settings file; default i2e.toml.",
    )(command)
    return click.option(
        "--store", envvar="I2E_STORE", allow_from_autoenv=False, help="DuckDB file; default .i2e/i2e.duckdb."
    )(command)
