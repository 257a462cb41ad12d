"""`i2e eval`."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otel_i2e.cli.echo import echo
from otel_i2e.cli.everywhere import is_on
from otel_i2e.cli.output import emit_json, json_option, progress, safe, say, store_options, tell
from otel_i2e.config import load_settings

if TYPE_CHECKING:
    from otel_i2e.models import Decision, Experiment
    from otel_i2e.workflows.evaluation import Progress

__all__ = ["command"]

_SHOWN = 20  # cases that did not pass


@click.command("eval")
@click.argument("dataset")
@click.option("--task", required=True, metavar="MODULE:FUNCTION", help="Called with each case's input.")
@click.option("--repeat", type=click.IntRange(1, 1000), default=1, show_default=True, help="Runs of each case.")
@click.option("--stop-early", is_flag=True, help="Leave out repeats that cannot change a case's verdict.")
@click.option(
    "--confirm", type=click.IntRange(0, 20), default=0, help="Run a case that holds the release back so often again."
)
@click.option("--policy", default=None, metavar="FILE", help="The gate's policy: --stop-early and --confirm go by it.")
@click.option(
    "--without-judges/--with-judges", default=None, help="Leave judges out; by default only when there is no key."
)
@click.option(
    "--record-verdicts",
    is_flag=True,
    help="Keep judges' verdicts in verdicts.jsonl: CI without a key replays them.",
)
@click.option("--batch", is_flag=True, help="Ask judges by Message Batches: half the price, answers within a day.")
@click.option("--no-cache", is_flag=True, help="Ask judges even what they have been asked before.")
@click.option("--concurrency", type=click.IntRange(1, 1000), default=4, show_default=True, help="Runs at once.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, show_default=True, help="Seconds of a run."
)
@click.option("--scorer", "scorers", multiple=True, metavar="NAME", help="A scorer for every case; repeatable.")
@click.option("--case", "cases", multiple=True, metavar="ID", help="Only this case; repeatable.")
@click.option("--suite", "suites", multiple=True, help="Only this suite; repeatable.")
@click.option("--tag", "tags", multiple=True, help="Only cases with this tag; repeatable.")
@click.option(
    "--priority", "priorities", multiple=True, type=click.Choice(["P0", "P1", "P2"]), help="Only these; repeatable."
)
@click.option(
    "--sample",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    help="Part of the cases, chosen by their ids: the same ones each time, and 0.1 is within 0.5.",
)
@store_options
@json_option
def command(
    *,
    dataset: str,
    task: str,
    repeat: int,
    stop_early: bool,
    confirm: int,
    policy: str | None,
    without_judges: bool | None,
    record_verdicts: bool,
    batch: bool,
    no_cache: bool,
    concurrency: int,
    timeout: float,
    scorers: tuple[str, ...],
    store: str | None,
    config: str | None,
    as_json: bool,
    **selected: Any,
) -> int:
    """Run a task over a DATASET (a name or a file), score the spans, and store an experiment.

    The task gets the case's input as it is; a parameter called `case` or `context` gets those. What fails is for
    `i2e gate` to decide: exit code 0 when an experiment was recorded, 2 when no run gave an answer, 130 after Ctrl-C.
    """
    from otel_i2e.workflows.drift import drift_notes
    from otel_i2e.workflows.evaluation import evaluate
    from otel_i2e.workflows.evaluation_plan import Selection
    from otel_i2e.workflows.gating import preview
    from otel_i2e.workflows.next_step import after_evaluation
    from otel_i2e.workflows.policy_file import read_policy

    settings = load_settings(config=Path(config) if config else None, store=store)
    rules = read_policy(policy or settings.policy)
    with redirect_stdout(sys.stderr), _bars() as on_progress:  # what the task prints is no part of the result
        experiment = evaluate(
            settings,
            dataset,
            task,
            repeat=repeat,
            stop_early=stop_early,
            confirm=confirm,
            without_judges=without_judges,
            record_verdicts=record_verdicts,
            cache=not no_cache,
            batch=tell if batch else None,
            policy=rules,
            concurrency=concurrency,
            timeout=timeout,
            scorers=scorers,
            selection=Selection.model_validate(selected),
            on_progress=on_progress,
        )
    if as_json:
        emit_json(experiment)
    else:
        _print(experiment, preview(experiment, rules), after_evaluation(settings))
    for note in drift_notes(settings):
        tell(note)
    if experiment.metadata.get("interrupted"):
        echo("i2e: interrupted; what had finished is recorded, and the gate will not pass it", err=True)
        return 130
    return 0 if any(run.status == "ok" for run in experiment.runs) else 2


@contextmanager
def _bars() -> Generator[Progress]:
    """One progress bar after the other: running, then scoring."""
    labels = {"run": "running", "score": "scoring"}
    with ExitStack() as stack:
        current: dict[str, Any] = {}

        def on_progress(stage: str, _done: int, total: int) -> None:
            if stage not in current:
                stack.close()
                current[stage] = stack.enter_context(progress(labels[stage], total))
            current[stage](1)

        yield on_progress


def _print(experiment: Experiment, decision: Decision, next_steps: Sequence[str]) -> None:
    """Counts, what failed and why, and where to go on; every case's line is the gate's."""
    from otel_i2e.workflows.after_gate import line, repeats, worst_first

    verdicts = [case.verdict for case in decision.cases]
    costs = [run.cost_usd for run in experiment.runs if run.cost_usd is not None]
    said = [
        f"{verdicts.count('passed')} of {len(verdicts)} cases passed",
        f"{verdicts.count('failed')} failed",
        f"{verdicts.count('not_measured')} not measured",
        f"{len(experiment.runs)} run{'' if len(experiment.runs) == 1 else 's'}",
        *([f"${sum(costs):.4f}"] if sum(costs) else []),
    ]
    say(f"{experiment.experiment_id}: {', '.join(said)}")
    if is_on("quiet"):
        return
    if left_out := experiment.metadata.get("left_out"):
        say(f"Left out: {left_out}")
    if replayed := experiment.metadata.get("replayed_verdicts"):
        days = " to ".join(dict.fromkeys((replayed["first"][:10], replayed["last"][:10])))
        count = f"{replayed['verdicts']} verdict{'' if replayed['verdicts'] == 1 else 's'}"
        say(f"{count} replayed, recorded {days}; --no-cache asks again")
    bad = [case for case in worst_first(decision.cases) if case.verdict != "passed"]
    for case in bad[:_SHOWN]:
        mark = "✗" if case.verdict == "failed" else "?"
        more = f" (and {len(case.reasons) - 1} more)" if len(case.reasons) > 1 else ""
        why = line(case.reasons[0] if case.reasons else "not measured")
        say(f"{mark} {case.priority} {safe(case.case_id)}  {repeats(case)}  {why}{more}")
    if len(bad) > _SHOWN:
        say(f"… and {len(bad) - _SHOWN} more: i2e gate lists every case")
    for word, step in zip(("Next", *["Then"] * len(next_steps)), next_steps, strict=False):
        say(f"{word}: {step}")
