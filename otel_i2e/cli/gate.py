"""`i2e gate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.output import json_option, say, store_options, table
from otel_i2e.config import load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.gating import Gated

__all__ = ["command"]

_WORDS = {"pass": "pass", "fail": "FAIL", "undecided": "COULD NOT MEASURE"}


@click.command("gate")
@click.option("--experiment", metavar="ID", help="The experiment, or the beginning of its id; default the latest.")
@click.option("--dataset", help="The latest experiment of this dataset.")
@click.option("--baseline", metavar="ID", help="Compare with this experiment; `latest` is the one before.")
@click.option("--policy", metavar="FILE", help="Policy file; default the setting `policy`, or the built-in one.")
@click.option("--override", multiple=True, metavar="CASE", help="Let this failing case pass once; repeatable.")
@click.option("--reason", help="Why it may pass; recorded.")
@click.option("--by", help="Who lets it pass; default the user.")
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML.")
@click.option("--markdown", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write Markdown.")
@store_options
@json_option
def command(
    *,
    experiment: str | None,
    dataset: str | None,
    baseline: str | None,
    policy: str | None,
    override: tuple[str, ...],
    reason: str | None,
    by: str | None,
    junit: Path | None,
    markdown: Path | None,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> int:
    """Decide on a stored experiment: pass (exit 0), fail (exit 1), or could not measure (exit 2).

    A failing P0 case blocks; a failing P1 case fails the run until it is overridden; P2 is logged; 95 % of a suite
    must pass. No model is called.
    """
    from otel_i2e.workflows.gating import decide_gate, publish, result, workflow_commands

    gated = decide_gate(
        load_settings(config=Path(config) if config else None, store=store),
        experiment=experiment,
        dataset=dataset,
        baseline=baseline,
        policy=policy,
        override=override,
        reason=reason,
        by=by,
    )
    if as_json:
        say(result(gated.decision))
    else:
        _print(gated)
    if os.environ.get("GITHUB_ACTIONS"):
        for line in workflow_commands(gated.decision):
            click.echo(line, err=as_json)
    problems = publish(gated, junit_file=junit, markdown_file=markdown)
    for problem in problems:
        click.echo(f"i2e: error: {problem}", err=True)
    return gated.decision.exit_code or (2 if problems else 0)


def _print(gated: Gated) -> None:
    from otel_i2e.workflows.gating import COLUMNS, grid, headline

    decision = gated.decision
    table(COLUMNS, grid(decision))
    for reason in decision.reasons:
        say(f"- {reason}")
    for note in gated.notes:
        say(f"- {note}")
    say(f"gate: {_WORDS[decision.verdict]} (exit {decision.exit_code}), {headline(gated)}")
    waiting = [case.case_id for case in decision.cases if case.action == "override" and case.overridden is None]
    if waiting:
        say(f"To let one pass once: i2e gate --override {waiting[0]} --reason '…'")
