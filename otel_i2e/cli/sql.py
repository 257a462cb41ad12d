"""`i2e sql`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click

from otel_i2e.cli.caught_up import caught_up
from otel_i2e.cli.echo import echo
from otel_i2e.cli.output import emit_json, json_option, say, store_options, table
from otel_i2e.config import load_settings
from otel_i2e.models import QueryResult

__all__ = ["command", "show"]


@click.command("sql")
@click.argument("statement", required=False)
@click.option("--limit", type=click.IntRange(min=1), help="Rows at most; default I2E_QUERY_MAX_ROWS.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@store_options
@json_option
def command(
    *, statement: str | None, limit: int | None, as_csv: bool, store: str | None, config: str | None, as_json: bool
) -> None:
    """Run one SELECT over the store, read-only. `-` reads it from standard input.

    Tables and views: spans, llm_calls, tool_calls, documents, traces, failures, scores, score_ledger, cases,
    experiments, experiment_runs. `i2e sql "describe spans"` lists columns.
    """
    from otel_i2e.workflows.queries import run_sql

    if statement is None and sys.stdin.isatty():
        raise click.UsageError('write a SELECT: i2e sql "select count(*) from spans"')
    settings = load_settings(config=Path(config) if config else None, store=store)
    text = sys.stdin.read() if statement in (None, "-") else statement
    caught_up(settings)
    show(run_sql(settings, text, limit=limit), as_json=as_json, as_csv=as_csv)


def show(result: QueryResult, *, as_json: bool, as_csv: bool = False) -> None:
    """A result as a table, JSON or CSV; what the reader must know besides goes to standard error."""
    if as_json:
        emit_json([dict(zip(result.columns, row, strict=True)) for row in result.rows])
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        writer.writerows(result.rows)
    elif result.rows:
        table(result.columns, result.rows)
    else:
        say(f"No rows. Columns: {', '.join(result.columns)}. `i2e status` says what is stored.")
    if result.truncated:
        echo(f"i2e: only the first {len(result.rows):,} rows are shown; --limit and I2E_QUERY_MAX_ROWS", err=True)
