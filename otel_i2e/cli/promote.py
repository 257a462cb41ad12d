"""`i2e promote`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from otel_i2e.cli.case_options import case_options, fields_of
from otel_i2e.cli.caught_up import caught_up
from otel_i2e.cli.echo import echo
from otel_i2e.cli.output import emit_json, json_option, safe, say, store_options, table
from otel_i2e.config import load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.promotion import Promotion, Proposal

__all__ = ["command"]

_EXPECTED = (
    '--expected alone checks nothing: add --must \'{"contains": "…"}\', or --scorer correctness, '
    "with which a judge compares."
)
_WORDS = {"proposed": "proposed", "duplicate": "already there", "no_trace": "no such span", "no_input": "no input"}


@click.command("promote")
@click.argument("query", required=False)
@click.option("--dataset", required=True, help="The dataset that the cases are for, such as refunds.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the query; repeatable.")
@click.option("--limit", type=click.IntRange(min=1), help="New cases at most.")
@click.option("--span", help="Promote one span (or trace) by hand: its id, or the beginning of it.")
@case_options
@click.option("--by", help="Who proposes; default the user.")
@click.option("--dry-run", is_flag=True, help="Show what would be proposed; store nothing.")
@store_options
@json_option
def command(
    *,
    query: str | None,
    dataset: str,
    params: tuple[str, ...],
    limit: int | None,
    span: str | None,
    by: str | None,
    dry_run: bool,
    store: str | None,
    config: str | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Turn what a promotion QUERY (a name or a .sql file) finds, or one span, into proposed cases.

    A case keeps the input, documents, tool calls, label, source, model and prompt version. It checks nothing until
    a person says in `i2e review` what must hold. Exit code 2 when nothing was found.
    """
    if (query is None) == (span is None):
        raise click.UsageError("give a promotion query (see `i2e query list`), or --span ID")
    from otel_i2e.workflows.promotion import promote_query, promote_span

    settings = load_settings(config=Path(config) if config else None, store=store)
    fields = fields_of(given)
    caught_up(settings)
    if query is not None:
        if fields:
            raise click.UsageError(
                f"--{next(iter(fields))} goes with --span; a query's header sets fields for its rows"
            )
        done = promote_query(
            settings, query, dataset=dataset, params=_parameters(params), limit=limit, dry_run=dry_run, by=by
        )
    else:
        done = promote_span(settings, span or "", dataset=dataset, fields=fields, dry_run=dry_run, by=by)
    if as_json:
        emit_json(done)
    else:
        _print(done)
    if known := [one.duplicate_of for one in done.proposals if one.duplicate_of is not None and fields]:
        echo(_not_taken(known[0], dataset, fields, given), err=True)
    return 0 if done.proposals else 2


def _not_taken(case_id: str, dataset: str, fields: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """What was said of a case that is there already, and the command that says it to the case."""
    options = [
        f"--{option.replace('_', '-')} {quote(one)}"
        for option, values in given.items()
        if values not in (None, ())
        for one in ([values] if isinstance(values, str) else values)
    ]
    command = f"i2e review edit {quote(case_id)} --dataset {quote(dataset)} {' '.join(options)}"
    return f"i2e: case {case_id!r} is there already, and {', '.join(fields)} was not taken; to set it: {command}"


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise click.UsageError(f"--param {name!r} is not NAME=VALUE, such as threshold=0.5")
    return {name: value for name, _, value in pairs}


def _print(done: Promotion) -> None:
    if not done.proposals:
        _print_nothing(done)
        return
    table(("case", "result", "priority", "failure mode", "span", "note"), [_row(one) for one in done.proposals])
    new = len(done.cases)
    left = done.rows - len(done.proposals)
    say(f"{new} of {done.rows} rows {'proposed' if done.stored else 'would be proposed'} for {done.dataset}.")
    if left:
        say(f"--limit left {left} rows out.")
    if any(case.expected is not None and not case.checks_something for case in done.cases):
        say(_EXPECTED)
    if done.truncated:
        say("The query's rows were cut at query_max_rows; there may be more.")
    if new and done.stored:
        unchecked = sum(not case.checks_something for case in done.cases)
        if unchecked:
            say(f"{unchecked} of them check nothing yet: say what must hold when you approve them.")
        say(f"Next: i2e review show {done.cases[0].id}")


def _print_nothing(done: Promotion) -> None:
    """What was asked, and how to ask for more."""
    name = (done.query or "").partition("@")[0]
    values = ", ".join(f"{param} = {safe(value)}" for param, value in done.params.items())
    say(f"{name} found nothing{f' with {values}' if values else ''}.")
    if done.params:
        param, value = next(iter(done.params.items()))
        say(f"To change one: i2e promote {name} --dataset {done.dataset} --param {quote(f'{param}={value}')}")
    say("`i2e traces` shows what is stored, `i2e query list` the other queries.")


def _row(proposal: Proposal) -> tuple[Any, ...]:
    case = proposal.case
    return (
        case.id if case is not None else proposal.duplicate_of,
        _WORDS[proposal.outcome],
        case.priority if case is not None else None,
        case.failure_mode if case is not None else None,
        proposal.finding.span_id or proposal.finding.trace_id,
        proposal.note,
    )
