"""`i2e init`."""

from __future__ import annotations

from pathlib import Path

import click

from otel_i2e.cli.output import emit_json, json_option, say

__all__ = ["command"]


@click.command("init")
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path), metavar="[DIR]")
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Lay out a project in DIR (default: here). Files that are there already are left as they are."""
    from otel_i2e.workflows.scaffold import init

    layout = init(folder)
    if as_json:
        emit_json(layout)
        return
    for name in layout.written:
        say(f"wrote {name}")
    for name in layout.left:
        say(f"left  {name} (it was there already)")
    say("Next, along the loop:")
    for line in layout.next:
        say(f"  {line}")
