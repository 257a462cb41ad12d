"""`i2e query list | check | run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from otel_i2e.cli.caught_up import caught_up
from otel_i2e.cli.echo import echo
from otel_i2e.cli.output import emit_json, json_option, say, store_options, table
from otel_i2e.cli.sql import show
from otel_i2e.config import Settings, load_settings

__all__ = ["command"]


@click.group("query")
def command() -> None:
    """List, check and run query files: a header of `-- key: value` comments and one SELECT."""


@command.command("list")
@store_options
@json_option
def list_command(*, store: str | None, config: str | None, as_json: bool) -> None:
    """The project's queries and those that come with otel-i2e."""
    from otel_i2e.workflows.queries import list_queries

    listed = list_queries(_settings(store, config))
    rows: list[dict[str, Any]] = [
        {
            "name": one.query.name if one.query else one.path.stem,
            "kind": one.query.kind if one.query else None,
            "origin": one.origin,
            "params": [f"{param.name} {param.type}" for param in one.query.params] if one.query else [],
            "description": one.query.description if one.query else None,
            "path": str(one.path),
            "problem": one.problem,
        }
        for one in listed
    ]
    if as_json:
        emit_json(rows)
    elif rows:
        table(("name", "kind", "origin", "params", "description"), [_line(row) for row in rows])
    else:
        say("No queries. `i2e init` lays out a project with one.")


@command.command("check")
@click.argument("queries", nargs=-1)
@store_options
@json_option
def check_command(*, queries: tuple[str, ...], store: str | None, config: str | None, as_json: bool) -> int:
    """Check QUERIES (names or files; default all): header, SQL, parameters, columns. Nothing is run."""
    from otel_i2e.errors import QueryError
    from otel_i2e.workflows.queries import find_query, list_queries, query_name_problems, query_problems

    settings = _settings(store, config)
    found: list[dict[str, Any]] = []
    for name in queries or [str(one.path) for one in list_queries(settings)]:
        try:
            query = find_query(name, settings)
        except QueryError as error:
            found.append({"query": name, "ok": False, "columns": {}, "problems": [str(error)]})
            continue
        columns, problems = query_problems(settings, query)
        problems = [*query_name_problems(query), *problems]
        found.append({"query": query.name, "ok": not problems, "columns": columns, "problems": problems})
    if as_json:
        emit_json(found)
    for one in () if as_json else found:
        if one["ok"]:
            say(f"ok  {one['query']}: {', '.join(one['columns'])}")
        else:
            for problem in one["problems"]:
                echo(f"i2e: error: {problem}", err=True)
    return 0 if all(one["ok"] for one in found) else 2


@command.command("run")
@click.argument("query")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter; may be repeated.")
@click.option("--limit", type=click.IntRange(min=1), help="Rows at most; default I2E_QUERY_MAX_ROWS.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@store_options
@json_option
def run_command(
    *,
    query: str,
    params: tuple[str, ...],
    limit: int | None,
    as_csv: bool,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Run QUERY (a name or a file) over the store, read-only."""
    from otel_i2e.workflows.queries import find_query, run_query

    settings = _settings(store, config)
    found = find_query(query, settings)
    caught_up(settings)
    result = run_query(settings, found, _given(params), limit=limit)
    show(result, as_json=as_json, as_csv=as_csv)


def _settings(store: str | None, config: str | None) -> Settings:
    return load_settings(config=Path(config) if config else None, store=store)


def _given(params: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in params:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--param {text!r} is not NAME=VALUE; write --param threshold=0.5")
        given[name.strip()] = value
    return given


def _line(row: dict[str, Any]) -> list[str | None]:
    params = ", ".join(row["params"])
    return [row["name"], row["kind"], row["origin"], params, row["problem"] or row["description"]]
