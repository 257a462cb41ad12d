"""`i2e experiments`."""

from __future__ import annotations

from pathlib import Path

import click

from otel_i2e.cli.output import emit_json, json_option, say, store_options, table
from otel_i2e.config import load_settings

__all__ = ["command"]

_COLUMNS = ("experiment_id", "created_at", "dataset", "task", "cases", "repeats", "runs", "commit", "decision")


@click.command("experiments")
@click.option("--dataset", help="Only experiments of this dataset, a name or a file.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Experiments at most.")
@store_options
@json_option
def command(*, dataset: str | None, limit: int, store: str | None, config: str | None, as_json: bool) -> None:
    """List the stored experiments, the latest first. `decision` is the gate's last word."""
    from otel_i2e.workflows.experiments import list_experiments

    rows = list_experiments(
        load_settings(config=Path(config) if config else None, store=store), dataset=dataset, limit=limit
    )
    if as_json:
        emit_json(rows)
    elif rows:
        cells = [[row.get(name) for name in _COLUMNS] for row in rows]
        table(_COLUMNS, cells, drop=("commit", "created_at", "task", "runs", "repeats"), whole=("experiment_id",))
    else:
        say("No experiment yet. `i2e eval DATASET --task module:function` makes one.")
