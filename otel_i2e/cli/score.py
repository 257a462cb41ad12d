"""`i2e score`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from otel_i2e.cli.caught_up import caught_up
from otel_i2e.cli.everywhere import log_on_stderr
from otel_i2e.cli.moment import SINCE
from otel_i2e.cli.output import emit_json, json_option, progress, say, store_options, table, tell
from otel_i2e.config import Settings, load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.scoring import ScoringReport

__all__ = ["command"]


@click.command("score")
@click.option("--where", help="SQL condition over the columns of spans; alone, kind = 'llm'.")
@click.option("--rule", metavar="NAME", help="What a rule matches, with its scorers; what its sample left out, too.")
@click.option("--span", metavar="ID", help="This span; a beginning of its id is enough.")
@click.option("--trace", metavar="ID", help="The spans of this trace; a beginning of its id is enough.")
@click.option("--conversation", metavar="ID", help="The spans of this conversation.")
@click.option(
    "--scorer", "scorers", multiple=True, metavar="NAME", help="A scorer; may be repeated. See `i2e scorers`."
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="Spans at most, latest first."
)
@click.option(
    "--since", type=SINCE, help="Only spans that started within this time or since then: 24h, 7d, 2026-01-31."
)
@click.option("--dry-run", is_flag=True, help="Say what would be scored; ask no judge, store nothing.")
@click.option("--batch", is_flag=True, help="Ask judges by Message Batches: half the price, answers within a day.")
@click.option("--no-cache", is_flag=True, help="Ask judges even what they have been asked before.")
@click.option("--follow", is_flag=True, help="Take in what is recorded and run the online rules until Ctrl-C.")
@store_options
@json_option
def command(
    *,
    where: str | None,
    rule: str | None,
    span: str | None,
    trace: str | None,
    conversation: str | None,
    scorers: tuple[str, ...],
    limit: int,
    since: datetime | None,
    dry_run: bool,
    batch: bool,
    no_cache: bool,
    follow: bool,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> int:
    """Score stored spans, or follow the online rules.

    Spans of experiments are left out; a span that has a score of this version is not scored again, so that a call that
    was killed goes on where it was. Exit code 2
    when something was tried and nothing could be measured.
    """
    from otel_i2e.workflows.garbage import collect_rarely

    collect_rarely()
    settings = load_settings(config=Path(config) if config else None, store=store)
    if follow and batch:
        raise click.UsageError("--batch takes up to a day: it is for what is stored, not for --follow")
    if follow:
        _follow(settings)
        return 0
    if bool(scorers) == (rule is not None):
        raise click.UsageError("name what scores: --scorer NAME (see `i2e scorers`), or --rule NAME; or --follow")
    from otel_i2e.workflows.scoring import score_rule, score_where

    caught_up(settings)
    with progress("scoring", None if dry_run else limit) as advance:
        seen = 0

        def on_span(done: int, _total: int) -> None:
            nonlocal seen
            advance(done - seen)
            seen = done

        how: _How = {
            "limit": limit,
            "since": since,
            "dry_run": dry_run,
            "cache": not no_cache,
            "batch": tell if batch else None,
            "on_span": on_span,
        }
        condition = _condition(where, span, trace, conversation)
        if rule is not None:
            report = score_rule(settings, rule, condition, **how)
        else:
            report = score_where(settings, condition or "kind = 'llm'", scorers, **how)
    if as_json:
        emit_json(report)
    else:
        _print(report, dry_run=dry_run)
    tried = any(tally.errors or tally.no_content for tally in report.tallies)
    return 2 if tried and not any(tally.scored or tally.not_applicable for tally in report.tallies) else 0


class _How(TypedDict):
    limit: int
    since: datetime | None
    dry_run: bool
    cache: bool
    batch: Callable[[str], None] | None
    on_span: Callable[[int, int], None]


def _condition(where: str | None, span: str | None, trace: str | None, conversation: str | None) -> str | None:
    """All of what was named; None when nothing was."""
    from otel_i2e.workflows.conditions import check_condition

    parts = [] if where is None else [check_condition(where, "--where")]
    for column, wanted in (("span_id", span), ("trace_id", trace)):
        if wanted is not None:
            parts.append(f"starts_with({column}, {_quoted(wanted.strip().lower())})")
    if conversation is not None:
        parts.append(f"conversation_id = {_quoted(conversation)}")
    return parts[0] if len(parts) == 1 else " AND ".join(f"({part})" for part in parts) or None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _print(report: ScoringReport, *, dry_run: bool) -> None:
    if dry_run:
        say(f"{report.left} spans would be scored; {report.already} have every score already.")
        return
    if not report.spans:
        found = f"all {report.already} have these scores already" if report.already else "no span matches"
        say(f"Nothing to score: {found}. See what there is with `i2e traces`.")
        return
    columns = ("scorer", "scored", "passed", "failed", "not applicable", "no content", "errors", "cost $")
    table(
        columns,
        [
            (t.scorer, t.scored, t.passed, t.failed, t.not_applicable, t.no_content, t.errors, t.cost_usd)
            for t in report.tallies
        ],
    )
    for tally in report.tallies:
        if tally.first_error:
            say(f"{tally.scorer}: {tally.errors} errors, the first: {tally.first_error}")
        if tally.first_gap:
            say(f"{tally.scorer}: {tally.no_content} without content, the first: {tally.first_gap}")
    if report.left:
        say(f"{report.left} more spans match; run it again, or with a higher --limit.")


def _follow(settings: Settings) -> None:
    """Until Ctrl-C or SIGTERM."""
    from otel_i2e.workflows.background import run
    from otel_i2e.workflows.scoring import check_rules

    rules = check_rules(settings)
    log_on_stderr()
    say(f"Following {', '.join(rules)} over {settings.store}; Ctrl-C ends it.")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stop.set())
    run(settings, stop)
    say("Stopped.")
