"""`i2e override`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from otel_i2e.cli.moment import UNTIL
from otel_i2e.cli.output import emit_json, json_option, say, store_options, table
from otel_i2e.config import load_settings

__all__ = ["command"]

_COLUMNS = ("override_id", "case_id", "reason", "by", "created_at", "expires_at", "commit", "experiment_id", "spent_on")


@click.command("override")
@click.argument("case", required=False)
@click.option("--reason", help="Why it may pass; required, and shown in every report.")
@click.option("--by", help="Who lets it pass; default the user.")
@click.option(
    "--expires", type=UNTIL, help="How long, or until when, it may wait to be used: 7d, 2027-01-31; default for ever."
)
@click.option("--experiment", metavar="ID", help="The experiment with the failure; default the latest.")
@click.option("--dataset", help="The latest experiment of this dataset, a name or a file.")
@click.option("--policy", metavar="FILE", help="Policy file; default the setting `policy`, or the built-in one.")
@store_options
@json_option
def command(
    *,
    case: str | None,
    reason: str | None,
    by: str | None,
    expires: timedelta | None,
    experiment: str | None,
    dataset: str | None,
    policy: str | None,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Let a failing CASE pass once; without a CASE, list the overrides on record.

    An override is bound to the commit, to the case as it is and to the versions of the scorers that failed. The next
    `i2e gate` on the same commit uses it, and then it is spent. Outside a clean commit it holds for its experiment.
    """
    from otel_i2e.workflows.overrides import add_override, list_overrides, override_debt

    settings = load_settings(config=Path(config) if config else None, store=store)
    if case is None:
        rows = list_overrides(settings, dataset=dataset)
        if as_json:
            emit_json(rows)
        elif rows:
            cells = [[getattr(row, name) for name in _COLUMNS] for row in rows]
            table(_COLUMNS, cells, drop=("commit", "created_at", "experiment_id", "override_id", "expires_at"))
            owed = override_debt(settings, dataset=dataset)
            say(f"Override debt: {owed} of {len(rows)} overrides are of cases that still do not pass")
        else:
            say("No override on record. `i2e override CASE --reason …` makes one, after i2e gate has failed.")
        return
    made = add_override(
        settings,
        case,
        reason=reason or "",
        by=by,
        expires=expires,
        experiment=experiment,
        dataset=dataset,
        policy=policy,
    )
    if as_json:
        emit_json(made)
        return
    is_clean = made.commit is not None and not made.commit.endswith("-dirty")
    bound = f"commit {made.commit}" if is_clean else f"experiment {made.experiment_id} alone: it is of no clean commit"
    until = f", until {made.expires_at:%Y-%m-%d %H:%M} UTC" if made.expires_at else ""
    say(f"{made.override_id}: {made.case_id} may fail once, on {bound}{until}")
    say("Next: i2e gate")
