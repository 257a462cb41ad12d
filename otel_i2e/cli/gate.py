"""`i2e gate`."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from otel_i2e.cli.echo import command_of_ours, echo, inert_json
from otel_i2e.cli.everywhere import is_on
from otel_i2e.cli.output import emit_json, json_option, prose, safe, say, store_options, table
from otel_i2e.config import load_settings
from otel_i2e.errors import I2EError

if TYPE_CHECKING:
    from otel_i2e.models import Priority
    from otel_i2e.workflows.gating import Gated

__all__ = ["command"]

_DECISIVE = ("experiment", "dataset", "baseline", "policy", "fail_on", "override", "reason", "by")
"""Options that change what the gate comes to."""
_MOST_REASONS = 30
_ROOM = {"case": 24, "why": 24, "reason": 24}
_WORDS = {"pass": "pass", "fail": "FAIL", "undecided": "COULD NOT MEASURE"}


@click.group("gate", invoke_without_command=True)
@click.option("--experiment", metavar="ID", help="The experiment, or the beginning of its id; default the latest.")
@click.option("--dataset", help="The latest experiment of this dataset, a name or a file.")
@click.option(
    "--baseline",
    metavar="ID",
    help="Compare with this experiment; `latest` is the last complete one before that passed.",
)
@click.option("--policy", metavar="FILE", help="Policy file; default the setting `policy`, or the built-in one.")
@click.option(
    "--fail-on",
    type=click.Choice(["P0", "P1", "P2"]),
    help="The lowest priority whose failing cases fail the run, in place of the policy's `P0`, `P1` and `P2`.",
)
@click.option("--override", multiple=True, metavar="CASE", help="Let this failing case pass once; repeatable.")
@click.option("--reason", help="Why it may pass; recorded.")
@click.option("--by", help="Who lets it pass; default the user.")
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML.")
@click.option("--markdown", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write Markdown.")
@click.option(
    "--comment-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write Markdown for a pull-request comment; its first line marks the comment to replace.",
)
@click.option("--sarif", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write SARIF 2.1.0.")
@store_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    experiment: str | None,
    dataset: str | None,
    baseline: str | None,
    policy: str | None,
    fail_on: Priority | None,
    override: tuple[str, ...],
    reason: str | None,
    by: str | None,
    junit: Path | None,
    markdown: Path | None,
    comment_file: Path | None,
    sarif: Path | None,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> int | None:
    """Decide on a stored experiment: pass (exit 0), fail (exit 1), or could not measure (exit 2).

    A failing P0 case blocks; a failing P1 case fails the run until it is overridden; P2 is logged; 95 % of a suite
    must pass. No model is called.
    """
    if ctx.invoked_subcommand is not None:
        _refuse_options_before(ctx)
        return None
    from otel_i2e.workflows.after_gate import result
    from otel_i2e.workflows.gating import could_not_decide, decide_gate
    from otel_i2e.workflows.publishing import publish, require_different_files

    _refuse_variables(ctx)
    if (reason or by) and not override:
        raise click.UsageError("--reason and --by are of an override; name the case with --override")
    require_different_files(
        {"--junit": junit, "--markdown": markdown, "--comment-file": comment_file, "--sarif": sarif}
    )
    write = partial(publish, junit_file=junit, markdown_file=markdown, comment_file=comment_file, sarif_file=sarif)
    try:
        gated = decide_gate(
            load_settings(config=Path(config) if config else None, store=store),
            experiment=experiment,
            dataset=dataset,
            baseline=baseline,
            policy=policy,
            fail_on=fail_on,
            override=override,
            reason=reason,
            by=by,
        )
    except I2EError as error:  # reports of an earlier call must not speak for this one
        nothing = could_not_decide(dataset, error)
        _tell_problems(write(nothing))
        _annotate(nothing, err=True)
        raise
    problems = _tell_problems(write(gated))
    if as_json:
        say(inert_json(result(gated.decision)))
    else:
        _print(gated)
    _annotate(gated, err=as_json or is_on("output"))
    return gated.decision.exit_code or (2 if problems else 0)


def _tell_problems(problems: list[str]) -> list[str]:
    for problem in problems:
        echo(f"i2e: error: {problem}", err=True)
    return problems


def _annotate(gated: Gated, *, err: bool) -> None:
    from otel_i2e.workflows.after_gate import workflow_commands

    if os.environ.get("GITHUB_ACTIONS"):
        for line in workflow_commands(gated.decision, gated.notes):
            command_of_ours(line, err=err)


def _refuse_variables(ctx: click.Context) -> None:
    """One that somebody left in a CI job could turn a gate green, and nobody who reads the command would know."""
    for name in _DECISIVE:
        if ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
            variable, option = f"I2E_GATE_{name.upper()}", f"--{name.replace('_', '-')}"
            said = f"{variable}={os.environ[variable]!r}: no variable says what a gate decides on"
            raise click.UsageError(f"{said}; unset it, and write {option}")


def _refuse_options_before(ctx: click.Context) -> None:
    """What stands before `backtest` would be read and ignored."""
    given = [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        option = f"--{given[0].removeprefix('as_').replace('_', '-')}"
        raise click.UsageError(f"{option} must stand after {ctx.invoked_subcommand}, or be left out")


def _print(gated: Gated) -> None:
    from otel_i2e.workflows.after_gate import COLUMNS, after_decision, differences, grid, headline, summary

    decision = gated.decision
    last = f"gate: {_WORDS[decision.verdict]} (exit {decision.exit_code}), {headline(gated)}"
    if is_on("quiet"):
        say(last)
        return
    prose(summary(decision))
    most = _MOST_REASONS if sys.stdout.isatty() else len(decision.reasons)
    for reason in decision.reasons[:most]:
        prose(reason, "- ")
    if len(decision.reasons) > most:
        prose(
            f"and {len(decision.reasons) - most} more reasons; the table has every case, --markdown and --json all",
            "- ",
        )
    table(COLUMNS, grid(decision), drop=("suite", "why", "fails", "repeats", "change"), room=_ROOM)
    for one in differences(decision, gated.experiment, gated.baseline):
        before, now = ((trace or "unknown")[:12] for trace in one.traces)
        prose(f"{safe(one.case_id)}: - before (trace {before}), + now (trace {now})")
        for row in one.lines:
            say(f"  {row}")
    if decision.sensitivity:
        prose(decision.sensitivity)
    prose(last)
    for step in after_decision(gated):
        say(step)


@command.command("backtest")
@click.option("--policy", metavar="FILE", help="Policy file; default the setting `policy`, or the built-in one.")
@click.option("--dataset", help="Only experiments of this dataset, a name or a file.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Experiments at most.")
@click.option(
    "--baseline", is_flag=True, help="Compare each with the last complete one before it that passed the gate."
)
@store_options
@json_option
def backtest_command(
    *,
    policy: str | None,
    dataset: str | None,
    limit: int,
    baseline: bool,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Which stored experiments would a policy have stopped? No model is called, nothing is recorded."""
    from otel_i2e.workflows.backtest import backtest
    from otel_i2e.workflows.policy_file import read_policy

    settings = load_settings(config=Path(config) if config else None, store=store)
    found = backtest(settings, read_policy(policy or settings.policy), dataset=dataset, limit=limit, baseline=baseline)
    if as_json:
        emit_json(found)
        return
    if not found:
        say("No experiment yet. `i2e eval DATASET --task module:function` makes one.")
        return
    columns = ("experiment_id", "created_at", "dataset", "commit", "cases", "recorded", "verdict", "reason")
    rows = [[getattr(one, name) for name in columns] for one in found]
    table(columns, rows, drop=("commit", "created_at", "dataset", "cases"), whole=("experiment_id",), room=_ROOM)
    stopped = sum(one.verdict == "fail" for one in found)
    undecided = sum(one.verdict == "undecided" for one in found)
    say(f"This policy would have stopped {stopped} of {len(found)} experiments, and left {undecided} undecided.")
