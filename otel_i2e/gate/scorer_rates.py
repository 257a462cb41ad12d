"""Pass rates of single scorers, where the policy asks for one.

A rate is of the repeats in which the scorer was asked for a verdict; confirmation runs are of failing cases only and do
not count. Where it broke, or the repeat did, or was lost or left out, the rate must hold even if it had failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from otel_i2e.gate.findings import verdict_of
from otel_i2e.gate.remark import Remark
from otel_i2e.gate.runs import confirmations, runs_by_case
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Attempt, CaseRun, Experiment, Outcome, Policy

__all__ = ["scorer_remarks"]


def scorer_remarks(
    experiment: Experiment, policy: Policy, is_shadow: Callable[[Attempt], bool] = lambda _attempt: False
) -> list[Remark]:
    """Scorers below their rate, those that never gave a verdict, and those whose verdicts make no rate.

    Two versions of a scorer are two scorers, and so are two models that answered for a judge: their verdicts are never
    counted together. A judge that may not block neither reaches its rate nor misses it.
    """
    said: list[Remark] = []
    for name, rule in policy.scorers.items():
        tried = [one for run in _repeats(experiment) for one in run.attempts if one.scorer == name]
        shown = f"scorer {line(name, 80)}"
        if why := _no_rate(tried):
            said.append(Remark("undecided", f"{shown} {why}"))
        elif rule.pass_rate is not None and any(is_shadow(one) for one in tried if verdict_of(one) is not None):
            why = "is a judge that cannot block, and the policy has a pass_rate for it: i2e calibrate"
            said.append(Remark("undecided", f"{shown} {why}"))
        elif rule.pass_rate is not None:
            said += _held(shown, _counts(name, experiment), rule.pass_rate)
    return said


class _Counts(NamedTuple):
    """Repeats in which the scorer was asked for a verdict."""

    passed: int
    failed: int
    gaps: int
    """It gave none: it broke, or the repeat did, was lost, or was left out."""


def _no_rate(tried: Sequence[Attempt]) -> str:
    """Why the attempts of a scorer make no rate; empty when they do."""
    versions = {one.scorer_version for one in tried}
    models = {one.model for one in tried if one.model is not None and verdict_of(one) is not None}
    if len(versions) > 1:
        return f"ran in {len(versions)} versions: {listed(sorted(versions))}"
    if len(models) > 1:
        return f"was answered by {len(models)} models: {listed(sorted(models))}; pin one"
    if all(verdict_of(one) is None for one in tried):
        return "gave no verdict" if tried else "was never run, and the policy has a rule for it"
    return ""


def _held(shown: str, found: _Counts, threshold: float) -> list[Remark]:
    measured = found.passed + found.failed
    rate = f"passed {found.passed} of {measured} runs ({found.passed / measured:.1%})"
    below = f"below its pass_rate of {threshold:.4g}"
    if (found.passed + found.gaps) / (measured + found.gaps) < threshold:
        return [Remark("fail", f"{shown} {rate}, {below}")]
    if found.passed / (measured + found.gaps) < threshold:
        lost = f"if the {found.gaps} in which it gave no verdict had failed"
        return [Remark("undecided", f"{shown} {rate}, {below} {lost}")]
    return []


def _counts(name: str, experiment: Experiment) -> _Counts:
    runs = runs_by_case(experiment.model_copy(update={"runs": tuple(_repeats(experiment))}))
    found: list[bool | None] = []
    for case in experiment.cases:
        own = runs.get(case.id, [])
        if any(one.scorer == name for run in own for one in run.attempts) or all(run.status != "ok" for run in own):
            found += [verdict for run in own for verdict in _verdicts(name, run)]
            found += [None] * (experiment.repeats - len({run.repeat for run in own}))
    return _Counts(found.count(True), found.count(False), found.count(None))


def _verdicts(name: str, run: CaseRun) -> list[bool | None]:
    """What the scorer said of a run; None is a gap. Empty when it does not apply, or has no threshold."""
    own = [one for one in run.attempts if one.scorer == name]
    if any(one.outcome is Outcome.NOT_APPLICABLE for one in own):
        return []
    said = [verdict_of(one) for one in own if one.outcome is not Outcome.SCORED or one.passed is not None]
    return said or ([] if own else [None])


def _repeats(experiment: Experiment) -> list[CaseRun]:
    """The runs without those that were made to see a failure again."""
    confirm = confirmations(experiment)
    return [run for run in experiment.runs if not confirm or run.repeat < experiment.repeats]
