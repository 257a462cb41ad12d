"""Commands that read see what was just recorded, and say what they cannot see."""

from __future__ import annotations

from otel_i2e.cli.echo import echo
from otel_i2e.config import Settings
from otel_i2e.damage import damaged_beside

__all__ = ["caught_up"]


def caught_up(settings: Settings) -> None:
    """Move what waits in the spool into the store; what has to wait on, or is damaged, is said on standard error."""
    from otel_i2e.workflows.catching_up import catch_up

    note = catch_up(settings)
    if note:
        echo(f"i2e: {note}", err=True)
    for part in damaged_beside(settings.store_path):
        if part.what == "store" and part.saved is None and part.path != settings.store_path:
            missing = f"what was in {str(part.path)!r}, set aside as damaged, is missing here"
            echo(f"i2e: {missing}; i2e repair brings back what can be read", err=True)
