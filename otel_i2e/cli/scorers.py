"""`i2e scorers`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.echo import echo
from otel_i2e.cli.output import emit_json, json_option, prose, say, store_options, table
from otel_i2e.config import Settings, load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.identities import SeenIdentity

__all__ = ["command"]


@click.command("scorers")
@click.argument("name", required=False)
@click.option("--history", is_flag=True, help="Every version that was used: what it scored, when, by which model.")
@click.option(
    "--diff", "versions", nargs=2, metavar="OLD NEW", help="What changed between two versions of the scorer NAME."
)
@store_options
@json_option
def command(
    *,
    name: str | None,
    history: bool,
    versions: tuple[str, str] | None,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """List the scorers that a rule, a case or `i2e score` may name, with their versions; or one by its NAME.

    With --history, every version that was used, and of a single scorer what changed last.
    """
    settings = load_settings(config=Path(config) if config else None, store=store)
    if versions is not None and name is None:
        raise click.UsageError("--diff needs the name of a scorer: i2e scorers NAME --diff OLD NEW")
    if history or versions is not None:
        _past(settings, name, versions, as_json=as_json)
    else:
        _list(settings, name, as_json=as_json)


def _list(settings: Settings, name: str | None, *, as_json: bool) -> None:
    from otel_i2e.workflows.scorers import CHECKS, list_scorers

    scorers = list_scorers(settings, name)
    if as_json:
        emit_json({"scorers": scorers, "checks": CHECKS})
        return
    table(
        ("name", "version", "scope", "threshold", "needs", "source", "description"),
        [
            (
                scorer.name,
                scorer.version,
                scorer.scope,
                scorer.threshold,
                ", ".join([*scorer.needs, *(f"{name}?" for name in scorer.optional)]),
                scorer.source,
                scorer.description,
            )
            for scorer in scorers
        ],
        drop=("source", "threshold", "needs", "version"),
        room={"description": 24},
    )
    for warning in dict.fromkeys(f"{one.warning}" for one in scorers if one.warning):
        names = ", ".join(one.name for one in scorers if one.warning == warning)
        echo(f"i2e: warning: {names}: {warning}", err=True)
    if name is not None:
        return
    prose(f"Checks for `must` and `must_not` of a case: {', '.join(CHECKS)}; a text is put to the judge.")
    if not settings.scorers:
        say('No scorers of your own: name a file, `scorers = ["scorers.py"]`, in i2e.toml, or run `i2e init`.')


def _past(settings: Settings, name: str | None, versions: tuple[str, str] | None, *, as_json: bool) -> None:
    from otel_i2e.workflows.identities import changes, scorer_history

    seen = scorer_history(settings, name)
    pair = versions or (_last_two(seen) if name is not None else None)
    diff = changes(seen, *pair) if pair is not None else []
    if as_json:
        emit_json({"identities": seen, "diff": diff})
        return
    if versions is None:
        columns = (
            "scorer",
            "version",
            "now",
            "model",
            "where",
            "scores",
            "pass rate",
            "errors",
            "first seen",
            "last seen",
        )
        table(columns, [_cells(one) for one in seen], drop=("model", "first seen", "scorer", "errors"))
    for line in diff:
        say(line)
    if versions is not None and not diff:
        say("Nothing changed: the two are the same version.")


def _cells(one: SeenIdentity) -> tuple[object, ...]:
    rate = None if one.pass_rate is None else f"{one.pass_rate:.1%}"
    counts = (one.scores, rate, one.errors, one.first_seen, one.last_seen)
    where = None if one.in_production is None else "production" if one.in_production else "experiments"
    return (one.scorer, one.version, "yes" if one.is_current else "", one.model, where, *counts)


def _last_two(seen: list[SeenIdentity]) -> tuple[str, str] | None:
    """The two latest versions whose definitions are kept; None when there are not two."""
    kept = list(dict.fromkeys(one.version for one in seen if one.text is not None))
    return (kept[-2], kept[-1]) if len(kept) > 1 else None
