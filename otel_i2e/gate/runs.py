"""Runs of an experiment by their case."""

from __future__ import annotations

from collections.abc import Iterable

from otel_i2e.models import CaseRun, Experiment

__all__ = ["confirmations", "first_repeats", "runs_by_case", "served_models", "skipped_repeats"]


def runs_by_case(experiment: Experiment) -> dict[str, list[CaseRun]]:
    """Case id → its runs, in order."""
    runs: dict[str, list[CaseRun]] = {}
    for run in experiment.runs:
        runs.setdefault(run.case_id, []).append(run)
    return runs


def first_repeats(experiment: Experiment, repeats: int) -> Experiment:
    """The experiment as if each case had been run `repeats` times: its first repeats, without runs to confirm."""
    if repeats >= experiment.repeats:
        return experiment
    metadata = {key: value for key, value in experiment.metadata.items() if key != "confirm"}
    runs = tuple(run for run in experiment.runs if run.repeat < repeats)
    return experiment.model_copy(update={"repeats": repeats, "runs": runs, "metadata": metadata})


def served_models(runs: Iterable[CaseRun]) -> dict[str, set[str]]:
    """Judge → models that gave its verdicts; an attempt that broke, or has no threshold, gave none."""
    found: dict[str, set[str]] = {}
    for run in runs:
        for attempt in run.attempts:
            if attempt.model is not None and attempt.score is not None and attempt.passed is not None:
                found.setdefault(attempt.scorer, set()).add(attempt.model)
    return found


def skipped_repeats(experiment: Experiment, case_id: str) -> int:
    """Repeats that the evaluation left out because the case was settled (`--stop-early`)."""
    skipped = experiment.metadata.get("skipped_repeats")
    count = skipped.get(case_id, 0) if isinstance(skipped, dict) else 0  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- JSON
    return count if isinstance(count, int) else 0


def confirmations(experiment: Experiment) -> int:
    """How many runs beyond the repeats were asked for, to see a failure again (`--confirm`)."""
    count = experiment.metadata.get("confirm")
    return count if isinstance(count, int) else 0
