"""`i2e repair`."""

from __future__ import annotations

from pathlib import Path

import click

from otel_i2e.cli.output import emit_json, json_option, safe, say, store_options
from otel_i2e.config import load_settings

__all__ = ["command"]


@click.command("repair")
@click.option("--dry-run", is_flag=True, help="Only look and explain.")
@click.option("--retry", is_flag=True, help="Put rejected requests into the spool again.")
@click.option("--prune-blobs", is_flag=True, help="Delete images and files that no row refers to.")
@store_options
@json_option
def command(
    *, dry_run: bool, retry: bool, prune_blobs: bool, store: str | None, config: str | None, as_json: bool
) -> int:
    """Explain what is damaged, and bring back what can be read.

    Looks at the store, its log, the spool, what was set aside, what was rejected, and images and files that no row
    refers to. Without --prune-blobs nothing is deleted. Exit code 0 when nothing is left to do, 2 when something is.
    """
    from otel_i2e.workflows.repair import repair

    settings = load_settings(config=Path(config) if config else None, store=store)
    found = repair(settings, dry_run=dry_run, retry=retry, prune_blobs=prune_blobs)
    if as_json:
        emit_json(found)
    else:
        for one in found:
            say(f"{one.what:8}  {safe(one.place)}")
            say(f"          {safe(one.seen)}")
            say(f"          → {safe(one.done)}")
        if not found:
            say(f"Nothing is wrong with {safe(settings.store_path)} and its spool. `i2e status` shows what is in them.")
    return 2 if any(one.open for one in found) else 0
