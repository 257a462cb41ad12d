"""What is said after a decision: what it was made of, its tables and notes, and what to do next."""

from __future__ import annotations

from datetime import timedelta

from otel_i2e.gate.reports import (
    COLUMNS,
    differences,
    grid,
    repeats,
    result,
    summary,
    workflow_commands,
    worst_first,
)
from otel_i2e.gate.wording import line, quoted
from otel_i2e.models import Experiment
from otel_i2e.workflows.gating import Gated

__all__ = [
    "COLUMNS",
    "after_decision",
    "differences",
    "grid",
    "headline",
    "line",
    "repeats",
    "result",
    "summary",
    "workflow_commands",
    "worst_first",
]


def headline(gated: Gated) -> str:
    """Which experiment was decided on, how old it is, and of which version."""
    experiment = gated.experiment
    age = gated.decision.decided_at - experiment.created_at
    commit = f", commit {experiment.commit}" if experiment.commit else ""
    origin = gated.decision.policy_from
    policy = "" if origin in ("", "built-in") else f", policy {origin}"
    return f"{experiment.experiment_id} on {experiment.dataset}, {_ago(age)}{commit}{policy}"


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"


def after_decision(gated: Gated) -> list[str]:
    """What to do next, a command each: look at the worst failure, let one pass, measure again. Quoted for a shell."""
    steps: list[str] = []
    cases = worst_first(gated.decision.cases)
    failed = next((case for case in cases if case.action in ("block", "override") and case.overridden is None), None)
    if failed is not None:
        steps.append(f"To see what it did: {_look_at(gated, failed.case_id)}")
    waiting = next((case for case in cases if case.action == "override" and case.overridden is None), None)
    if waiting is not None:
        steps.append(f"To let one pass once: i2e gate --override {quoted(waiting.case_id)} --reason '…'")
    if gated.experiment.task and any(case.unmeasured for case in cases):
        steps.append(f"To measure again: {_measure_again(gated.experiment)}")
    return steps


def _measure_again(experiment: Experiment) -> str:
    repeat = f" --repeat {experiment.repeats}" if experiment.repeats > 1 else ""
    return f"i2e eval {quoted(experiment.dataset)} --task {experiment.task}{repeat}"


def _look_at(gated: Gated, case_id: str) -> str:
    if gated.baseline is not None:
        ids = f"{gated.baseline.experiment_id} {gated.experiment.experiment_id}"
        return f"i2e compare {ids} --case {quoted(case_id)}"
    traces = (run.trace_id for run in gated.experiment.runs if run.case_id == case_id and run.trace_id)
    return f"i2e trace {next(traces, '…')}"
