"""Latency and cost of the runs, held to the policy's budgets."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from otel_i2e.gate.remark import Remark, of_run
from otel_i2e.models import Experiment, Policy

__all__ = ["budget_remarks", "percentile_95"]


def budget_remarks(experiment: Experiment, policy: Policy) -> list[Remark]:
    """Budgets that were exceeded for certain, and those that an unknown time or price leaves open.

    What is unknown counts as nothing spent: over budget all the same is over budget.
    """
    said: list[Remark] = []
    runs = [run for run in experiment.runs if run.status == "ok"]
    times, costs = [run.duration_ms for run in runs], [run.cost_usd for run in runs]
    if policy.latency_p95_ms is not None:
        slow = percentile_95([time or 0.0 for time in times])
        text = f"95 % of the runs took up to {slow:.0f} ms, over the budget of {policy.latency_p95_ms:.0f} ms"
        said += _budget(policy, text, "duration", slow > policy.latency_p95_ms, times)
    if policy.cost_per_run_usd is not None:
        mean = sum(cost or 0.0 for cost in costs) / max(len(costs), 1)
        text = f"a run cost ${mean:.4f} on average, over the budget of ${policy.cost_per_run_usd:.4f}"
        said += _budget(policy, text, "cost", mean > policy.cost_per_run_usd, costs)
    return said


def percentile_95(values: Sequence[float]) -> float:
    """The smallest value that 95 % do not exceed; 0 of none."""
    return sorted(values)[ceil(0.95 * len(values)) - 1] if values else 0.0


def _budget(policy: Policy, text: str, what: str, over: bool, values: Sequence[float | None]) -> list[Remark]:
    if over:
        return [of_run(policy.budgets, text)]
    unknown = sum(value is None for value in values)
    if values and not unknown:
        return []
    left = f"the {what} of {unknown} of {len(values)} runs is unknown, so its budget cannot be checked"
    return [Remark("undecided" if policy.budgets == "block" else "note", left)]
