"""Commands that read see what was just recorded."""

from __future__ import annotations

import click

from otel_i2e.config import Settings

__all__ = ["caught_up"]


def caught_up(settings: Settings) -> None:
    """Move what waits in the spool into the store; what has to wait on is said on standard error."""
    from otel_i2e.workflows.catching_up import catch_up

    note = catch_up(settings)
    if note:
        click.echo(f"i2e: {note}", err=True)
