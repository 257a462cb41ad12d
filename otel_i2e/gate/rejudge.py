"""An experiment as a policy's own thresholds see it. The scores stay; what passes is decided again."""

from __future__ import annotations

from collections.abc import Mapping

from otel_i2e.models import Attempt, CaseRun, Experiment, Policy

__all__ = ["rejudged"]


def rejudged(experiment: Experiment, policy: Policy) -> Experiment:
    """The experiment with the thresholds of `[scorers.NAME]` in place of the recorded ones.

    A score without a number, such as a label, is left as it was. A judge at another threshold than its own is another
    judge, which nobody has calibrated.
    """
    thresholds = {name: rule.threshold for name, rule in policy.scorers.items() if rule.threshold is not None}
    if not thresholds:
        return experiment
    return experiment.model_copy(update={"runs": tuple(_run(run, thresholds) for run in experiment.runs)})


def _run(run: CaseRun, thresholds: Mapping[str, float]) -> CaseRun:
    if not any(attempt.scorer in thresholds for attempt in run.attempts):
        return run
    return run.model_copy(update={"attempts": tuple(_attempt(one, thresholds) for one in run.attempts)})


def _attempt(attempt: Attempt, thresholds: Mapping[str, float]) -> Attempt:
    value = attempt.score.value if attempt.score is not None else None
    threshold = thresholds.get(attempt.scorer)
    if value is None or threshold is None:
        return attempt
    update: dict[str, float | str] = {"threshold": threshold, "passed": value >= threshold}
    if attempt.model is not None and attempt.threshold != threshold:
        update["judge_version"] = f"{attempt.judge_version or attempt.scorer_version} at {threshold:g}"
    return attempt.model_copy(update=update)
