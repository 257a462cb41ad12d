"""`i2e dataset`."""

from __future__ import annotations

from pathlib import Path

import click

from otel_i2e.cli.echo import echo
from otel_i2e.cli.output import emit_json, json_option, say, store_options, table
from otel_i2e.config import load_settings

__all__ = ["command"]


@click.group("dataset")
def command() -> None:
    """List datasets, check a dataset file."""


@command.command("list")
@store_options
@json_option
def list_command(*, store: str | None, config: str | None, as_json: bool) -> None:
    """The project's dataset files."""
    from otel_i2e.workflows.datasets import list_datasets

    settings = load_settings(config=Path(config) if config else None, store=store)
    found = list_datasets(settings)
    if as_json:
        emit_json(found)
        return
    if not found:
        say(f"No dataset in {settings.datasets}. `i2e init` writes an example; `i2e review approve` makes one.")
        return
    rows = [(one.name, one.cases, *one.priorities.values(), len(one.problems), one.hash, one.path) for one in found]
    table(("dataset", "cases", "P0", "P1", "P2", "problems", "hash", "file"), rows)


@command.command("check")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@store_options
@json_option
def check_command(*, datasets: tuple[str, ...], store: str | None, config: str | None, as_json: bool) -> int:
    """Check dataset files (names or paths; default all): every line, every check, every scorer that a case names.

    Exit code 2 when something is wrong.
    """
    from otel_i2e.workflows.datasets import check_dataset, dataset_path, list_datasets

    settings = load_settings(config=Path(config) if config else None, store=store)
    found = (
        [check_dataset(settings, dataset_path(settings, name)) for name in datasets]
        if datasets
        else list_datasets(settings)
    )
    if as_json:
        emit_json(found)
    for one in () if as_json else found:
        for problem in one.problems:
            say(problem)
        if not one.problems:
            say(f"{one.path}: {one.cases} case{'' if one.cases == 1 else 's'}, nothing wrong")
    if not found:
        echo(f"i2e: no dataset in {settings.datasets}; `i2e init` writes an example", err=True)
    return 0 if found and not any(one.problems for one in found) else 2
