"""`i2e traces`."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from otel_i2e.cli.caught_up import caught_up
from otel_i2e.cli.moment import SINCE
from otel_i2e.cli.output import emit_json, json_option, say, store_options, table
from otel_i2e.config import load_settings

__all__ = ["command"]

_COLUMNS = (
    "trace",
    "started",
    "name",
    "service",
    "ms",
    "status",
    "calls",
    "tokens",
    "cost",
    "score",
    "input",
    "output",
)
_DROP = ("service", "calls", "cost", "name", "tokens", "ms")
"""Columns that a narrow terminal does not show; a pipe and --json always have them."""


@click.command("traces")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Traces at most.")
@click.option("--since", type=SINCE, help="Only traces that began within this time or since then: 24h, 7d, 2026-01-31.")
@click.option("--where", help="A SQL condition over the view `traces`, such as \"status = 'error'\".")
@store_options
@json_option
def command(
    *,
    limit: int,
    since: datetime | None,
    where: str | None,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """The latest traces, one line each. `score` is the lowest score, with `✗` when one failed, `👎` for a complaint.

    Times are UTC. A narrow terminal shows fewer columns than a wide one; --json has all.
    """
    from otel_i2e.workflows.inspect import latest_traces

    settings = load_settings(config=Path(config) if config else None, store=store)
    caught_up(settings)
    rows = latest_traces(settings, limit=limit, since=since, where=where)
    if as_json:
        emit_json(rows)
    elif rows:
        today = datetime.now(UTC).date() if sys.stdout.isatty() else None
        table(_COLUMNS, [_line(row, today) for row in rows], drop=_DROP)
    elif since is not None or where is not None:
        say("No trace matches. `i2e traces` lists the latest of all.")
    else:
        say("No traces yet. Run an application with `import otel_i2e.auto`, or see `i2e demo`.")


def _line(row: dict[str, Any], today: date | None) -> tuple[Any, ...]:
    """The cells of a trace; with `today` (UTC), short ones for a terminal. A trace's id is a prefix of it."""
    tokens = None if row["input_tokens"] is None else f"{row['input_tokens']}→{row['output_tokens'] or 0}"
    return (
        row["trace_id"][:12],
        _started(row["start_time"], today),
        row["name"],
        row["service_name"],
        row["duration_ms"] if row["duration_ms"] is None else round(row["duration_ms"]),
        row["status"],
        row["llm_calls"],
        tokens,
        None if row["cost_usd"] is None else f"${row['cost_usd']:.4f}",
        _score(row),
        _short(row["input_text"]),
        _short(row["output_text"]),
    )


def _started(start: datetime | None, today: date | None) -> datetime | str | None:
    if start is None or today is None:
        return start
    return start.strftime("%H:%M:%S" if start.date() == today else "%m-%d %H:%M")


def _score(row: dict[str, Any]) -> str | None:
    lowest = "" if row["lowest_score"] is None else f"{row['lowest_score']:.2g}"
    marks = ("✗" if row["failed_scores"] else "") + (
        "👎" if row["feedback"] is not None and row["feedback"] < 0.5 else ""
    )
    return f"{lowest} {marks}".strip() or None


def _short(text: str | None, most: int = 60) -> str | None:
    return text if text is None or len(text) <= most else text[: most - 1] + "…"
