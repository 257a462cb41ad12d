"""Latency and cost of the runs, held to the policy's budgets.

A run that broke gave no answer, so how long one would have taken is unknown: at least as long as it ran until then. It
cost what its model calls cost, and makes the runs that answered no cheaper. An answer without a model call cost 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf

from otel_i2e.gate.remark import Remark, of_run
from otel_i2e.models import CaseRun, Experiment, Policy

__all__ = ["budget_remarks", "percentile_95"]


def budget_remarks(experiment: Experiment, policy: Policy) -> list[Remark]:
    """Budgets that were exceeded for certain, and those that an unknown time or price leaves open.

    What is unknown counts as nothing spent: over budget all the same is over budget.
    """
    said: list[Remark] = []
    if policy.latency_p95_ms is not None:
        said += _latency(experiment.runs, policy.latency_p95_ms, policy)
    if policy.cost_per_run_usd is not None:
        said += _cost(experiment.runs, policy.cost_per_run_usd, policy)
    return said


def percentile_95(values: Sequence[float]) -> float:
    """The smallest value that 95 % do not exceed; 0 of none."""
    return sorted(values)[ceil(0.95 * len(values)) - 1] if values else 0.0


def _latency(runs: Sequence[CaseRun], budget: float, policy: Policy) -> list[Remark]:
    slow = percentile_95([run.duration_ms or 0.0 for run in runs])
    if slow > budget:
        longer = " or longer" if any(run.status != "ok" for run in runs) else ""
        text = f"95 % of the runs took up to {slow:.0f} ms{longer}, over the budget of {budget:.0f} ms"
        return [of_run(policy.budgets, text)]
    times = [inf if run.status != "ok" or run.duration_ms is None else run.duration_ms for run in runs]
    if times and percentile_95(times) <= budget:
        return []
    return [_open("duration", times.count(inf), runs, policy)]


def _cost(runs: Sequence[CaseRun], budget: float, policy: Policy) -> list[Remark]:
    mean = max(_mean(runs), _mean([run for run in runs if run.status == "ok"]))
    if mean > budget:
        text = f"a run cost ${mean:.4f} on average, over the budget of ${budget:.4f}"
        return [of_run(policy.budgets, text)]
    unknown = sum(run.cost_usd is None for run in runs)
    if unknown or not runs:
        return [_open("cost", unknown, runs, policy)]
    free = "no run cost anything: no model call was recorded in any, or its price is 0"
    return [Remark("note", free)] if not mean else []


def _mean(runs: Sequence[CaseRun]) -> float:
    return sum(run.cost_usd or 0.0 for run in runs) / max(len(runs), 1)


def _open(what: str, unknown: int, runs: Sequence[CaseRun], policy: Policy) -> Remark:
    broke = sum(run.status != "ok" for run in runs)
    text = f"the {what} of {unknown} of {len(runs)} runs is unknown"
    text += f" ({broke} broke)" if broke else ""
    return Remark("undecided" if policy.budgets == "block" else "note", f"{text}, so its budget cannot be checked")
