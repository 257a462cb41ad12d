"""This run beside its baseline where cases cannot be paired: renamed, changed, gone, or with other scorers.

The paired test sees the cases in common only, so a drop can hide in the others: ids that were renamed take their
verdicts out of it. Then too few pairs are no measurement, and the pass rates of all cases are compared as well. These
are of different tests, so a difference settles nothing: it leaves the run undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from otel_i2e.gate.remark import Remark
from otel_i2e.models import CaseDecision, Experiment, Policy
from otel_i2e.stats import fisher_drop, smallest_drop

__all__ = ["unpaired_remarks"]


def unpaired_remarks(
    now: Sequence[CaseDecision],
    before: Sequence[CaseDecision],
    experiment: Experiment,
    baseline: Experiment | None,
    policy: Policy,
    *,
    alike: int,
) -> list[Remark]:
    """That too few cases are the same test in both (`alike`), and that the pass rate of all cases dropped.

    Too few is fewer than half of what both have, or than any drop could be noticed in, where both had enough. `now`
    and `before` are decisions from equally many repeats; what is overridden is to be left out.
    """
    there = min(_size(baseline), len(experiment.cases)) if baseline is not None else 0
    if baseline is None or not 0 < alike < there:  # without a case in common, that is said
        return []
    said = [_too_few(alike, there, baseline.experiment_id, policy), _dropped(now, before, policy)]
    effect = "undecided" if policy.drop == "block" else "note"
    return [Remark(effect, text) for text in said if text]


def _too_few(alike: int, there: int, baseline: str, policy: Policy) -> str:
    if smallest_drop(there, alpha=policy.drop_alpha) is None:
        return ""
    blind = smallest_drop(alike, alpha=policy.drop_alpha) is None
    if not blind and 2 * alike >= there:
        return ""
    why = "too few to notice any drop" if blind else "fewer than half"
    return (
        f"only {alike} of {there} cases can be compared with the baseline {baseline}, {why}: the others were renamed, "
        "changed, or have other scorers; a gate without --baseline that passes makes the next one"
    )


def _dropped(now: Sequence[CaseDecision], before: Sequence[CaseDecision], policy: Policy) -> str:
    suites = {case.suite for case in now} & {case.suite for case in before}
    counts = [_rate(case for case in cases if case.suite in suites or not suites) for cases in (before, now)]
    (passed_before, all_before), (passed, measured) = counts
    if not (all_before and measured):
        return ""
    p_value = fisher_drop(passed_before, all_before, passed, measured)
    if p_value > policy.drop_alpha:
        return ""
    return (
        f"of all cases, in common or not, {passed} of {measured} passed ({passed / measured:.1%}), and {passed_before} "
        f"of {all_before} before ({passed_before / all_before:.1%}): a drop among those that cannot be compared one by "
        f"one (p = {p_value:.2g}, Fisher's exact test)"
    )


def _rate(cases: Iterable[CaseDecision]) -> tuple[int, int]:
    """Cases that passed, of those that were measured by what may block."""
    found = [case.verdict == "passed" for case in cases if case.verdict != "not_measured" and not case.shadow]
    return sum(found), len(found)


def _size(baseline: Experiment) -> int:
    """Cases of its dataset, selected or not."""
    whole = baseline.metadata.get("dataset_cases")
    return whole if isinstance(whole, int) else len(baseline.cases)
