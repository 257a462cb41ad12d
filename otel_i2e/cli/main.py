"""The command `i2e`: the list of its verbs, and how an error reaches the person.

A verb's module is imported when the verb is used, so `i2e --help` costs no more than this table.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final

import click

from otel_i2e.cli.echo import echo
from otel_i2e.cli.everywhere import begin, everywhere, in_front
from otel_i2e.cli.streams import streams
from otel_i2e.errors import I2EError

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("otel_i2e.cli.init", "Lay out a project: i2e.toml, scorers.py, queries/, evals/, a CI workflow."),
    "demo": ("otel_i2e.cli.demo", "Watch the whole loop on a small support agent, in under a minute."),
    "serve": ("otel_i2e.cli.serve", "Take OTLP traces and logs over HTTP and gRPC."),
    "import": ("otel_i2e.cli.import_", "Store the traces and logs of OTLP files."),
    "status": ("otel_i2e.cli.status", "What is recorded, waiting, scored, dropped; what needs attention."),
    "repair": ("otel_i2e.cli.repair", "Explain what is damaged, and bring back what can be read."),
    "sql": ("otel_i2e.cli.sql", "Run one SELECT over the store, read-only."),
    "query": ("otel_i2e.cli.query", "List, check and run query files."),
    "traces": ("otel_i2e.cli.traces", "The latest traces, one line each."),
    "trace": ("otel_i2e.cli.trace", "One trace as a tree: durations, tokens, tool calls, scores."),
    "score": ("otel_i2e.cli.score", "Score stored spans, or follow the online rules."),
    "scorers": ("otel_i2e.cli.scorers", "List the scorers that can be used, with their versions."),
    "why": ("otel_i2e.cli.why", "Why a span has a score, or none."),
    "parity": ("otel_i2e.cli.parity", "Make online scores again as offline: they must be the same."),
    "label": ("otel_i2e.cli.label", "Say of spans whether they pass; how far reviewers agree."),
    "calibrate": ("otel_i2e.cli.calibrate", "Hold a judge against labels: may it block a release?"),
    "promote": ("otel_i2e.cli.promote", "Turn failing spans into proposed cases."),
    "review": ("otel_i2e.cli.review", "List, show, edit, approve or reject proposed cases."),
    "dataset": ("otel_i2e.cli.dataset", "List datasets, check a dataset file."),
    "eval": ("otel_i2e.cli.eval", "Run a task over a dataset and score it."),
    "experiments": ("otel_i2e.cli.experiments", "List the stored experiments."),
    "compare": ("otel_i2e.cli.compare", "Two experiments side by side, case by case."),
    "override": ("otel_i2e.cli.override", "Let a failing case pass once; list the overrides."),
    "gate": ("otel_i2e.cli.gate", "Decide: pass, fail, or could not measure."),
}
"""Verb → module and help line. A new command is one file and one line here."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- as above
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(COMMANDS[cmd_name][0]).command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "I2E"})
@click.version_option(package_name="otel-i2e", prog_name="i2e")
@everywhere
@click.pass_context
def cli(ctx: click.Context, **asked: Any) -> None:
    """Turn production LLM failures into regression tests that gate releases.

    Exit codes: 0 pass; 1 regression, the policy says fail; 2 could not measure, or usage error. The options below may
    stand after the command, too.
    """
    del asked["debug"]  # main looks for it itself: it is for what comes after a command
    begin(ctx, **asked)


def main(args: list[str] | None = None) -> None:
    """Run the command line; an expected error is one line on stderr and its exit code."""
    argv = sys.argv[1:] if args is None else args
    with streams() as standard:
        code = _outcome(argv)
        standard.settle()
        if standard.lost is not None and code == 0:
            code = _told(f"error: cannot write the output: {standard.lost}", 2)
    sys.exit(code)


def _outcome(argv: list[str]) -> int:
    """Exit code of the command; what went wrong is told."""
    ours, arguments = in_front(argv)
    if arguments[:1] != ["eval"] or {"-h", "--help"} & set(arguments):
        return _ran(ours, arguments, lambda _why: None)
    from otel_i2e.workflows.evaluation_notes import forget_start, note_failure, note_start

    note_start(arguments)  # before what takes a second to load: a kill there must not leave an older experiment alone
    code = _ran(ours, arguments, lambda why: note_failure(arguments, why))
    forget_start(arguments)
    return code


def _ran(ours: list[str], arguments: list[str], note: Callable[[str], None]) -> int:
    """As `_outcome`; `note` is told why an evaluation failed, which is no reason for the gate to pass an older one."""
    try:
        result: Any = cli.main([*ours, *arguments], prog_name="i2e", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        note("it was interrupted")
        return _told("interrupted", 130)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 -- exit code 1 would say that a release got worse
        if "--debug" in ours:
            traceback.print_exc()
        why, after, code = _said(error)
        note(why)
        return _told(f"error: {why}{after}", code)
    return result if isinstance(result, int) else 0


def _said(error: BaseException) -> tuple[str, str, int]:
    """What went wrong, what to do about it, and the exit code."""
    if isinstance(error, click.ClickException):
        return error.format_message(), _usage(error), 2
    if isinstance(error, I2EError):
        return str(error), "", error.exit_code
    if isinstance(error, OSError):
        return f"{_place(error)}{error.strerror or error}", "", 2
    return _summary(error), "; a defect in otel-i2e: --debug shows where, please report it", 2


def _place(error: OSError) -> str:
    return f"{error.filename}: " if error.filename is not None else ""


def _summary(error: BaseException) -> str:
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"; see `{context.command_path} --help`" if context is not None else ""


def _told(line: str, code: int) -> int:
    echo(f"i2e: {line}", err=True)
    return code
