"""This run against its baseline: a paired test over the cases that both measured, and what it could have seen.

With one run of each case the verdicts are compared (McNemar, exact). Where each case was run several times, and no
repeat is missing, the passes of the repeats are compared (sign flips, exact), which sees smaller drops. Of an
experiment with more repeats than the other only the first ones count: a flaky case passes 1 of 1 more often than 5
of 5, so verdicts over different numbers of repeats differ without any change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

from otel_i2e.gate.remark import Remark, of_run
from otel_i2e.models import CaseDecision, Comparison, Experiment, Policy
from otel_i2e.stats import mcnemar_drop, sign_flip_drop, smallest_drop

__all__ = ["Pair", "compared", "comparison_remarks", "detectable", "first_repeats_only", "pairs_of", "sensitivity"]

_POWER: Final = 0.8
"""A drop that can be noticed is found in 8 of 10 runs."""


class Pair(NamedTuple):
    """One case, before and now; both measured."""

    before: CaseDecision
    now: CaseDecision


def pairs_of(
    cases: Sequence[CaseDecision],
    before: Mapping[str, CaseDecision],
    comparable: frozenset[str],
    overridden: frozenset[str] = frozenset(),
) -> list[Pair]:
    """The cases that can be compared, both sides from equally many repeats.

    What is overridden, or rests on judges that may not block, takes no part.
    """
    return [
        Pair(before[case.case_id], case)
        for case in cases
        if case.case_id in comparable - overridden
        and "not_measured" not in (case.verdict, before[case.case_id].verdict)
        and not (case.shadow or before[case.case_id].shadow)
    ]


def compared(pairs: Sequence[Pair], policy: Policy) -> Comparison | None:
    """The test's answer; None when there is nothing to compare."""
    if not pairs:
        return None
    broke = sum(pair.before.verdict == "passed" and pair.now.verdict == "failed" for pair in pairs)
    fixed = sum(pair.before.verdict == "failed" and pair.now.verdict == "passed" for pair in pairs)
    if _repeated(pairs):
        drops = _drops(pairs)
        drop = sum(drops) / (len(pairs) * pairs[0].now.repeats)
        p_value = sign_flip_drop(drops)
    else:
        drop, p_value = (broke - fixed) / len(pairs), mcnemar_drop(broke, fixed)
    return Comparison(
        test="paired_repeats" if _repeated(pairs) else "mcnemar",
        pairs=len(pairs),
        broke=broke,
        fixed=fixed,
        drop=drop,
        p_value=p_value,
        significant=p_value <= policy.drop_alpha,
    )


def comparison_remarks(
    comparison: Comparison | None, experiment: Experiment, baseline: Experiment | None, policy: Policy
) -> list[Remark]:
    """A significant drop; or that nothing was compared, which is no proof that nothing dropped."""
    if baseline is None:
        return []
    if comparison is None:
        if not experiment.cases:
            return []
        why = f"no case of this experiment can be compared with the baseline {baseline.experiment_id}"
        return [Remark("undecided" if policy.drop == "block" else "note", why)]
    shortened = first_repeats_only(experiment, baseline)
    said = [Remark("note", shortened)] if shortened else []
    if not comparison.significant:
        return said
    names = {"mcnemar": "exact McNemar", "paired_repeats": "exact test on paired repeats"}
    return [
        of_run(
            policy.drop,
            f"the pass rate dropped by {comparison.drop:.1%} against {baseline.experiment_id}: {comparison.broke} of "
            f"{comparison.pairs} cases broke, {comparison.fixed} were fixed "
            f"(p = {comparison.p_value:.2g}, {names[comparison.test]})",
        ),
        *said,
    ]


def first_repeats_only(experiment: Experiment, baseline: Experiment) -> str:
    """That not every repeat was compared; empty when every one was."""
    now, before = experiment.repeats, baseline.repeats
    if now == before:
        return ""
    fewest = min(now, before)
    first = "the first repeat of each case is" if fewest == 1 else f"the first {fewest} repeats of each case are"
    return f"{first} compared: the baseline has {before}, this experiment {now}"


def detectable(pairs: Sequence[Pair], cases: Sequence[CaseDecision], policy: Policy) -> float | None:
    """The smallest drop, 0 to 1, that this comparison finds in 8 of 10 runs; None: it finds none.

    Cases are assumed to change sides without cause as often as they did here. Without a baseline: what a comparison
    of as many cases, none of them flaky, would find.
    """
    alpha = policy.drop_alpha
    if not pairs:
        return smallest_drop(sum(case.verdict != "not_measured" and not case.shadow for case in cases), alpha=alpha)
    broke = sum(pair.before.verdict == "passed" and pair.now.verdict == "failed" for pair in pairs)
    fixed = sum(pair.before.verdict == "failed" and pair.now.verdict == "passed" for pair in pairs)
    if not _repeated(pairs):
        return smallest_drop(len(pairs), churn=2 * min(broke, fixed) / len(pairs), alpha=alpha)
    least = smallest_drop(len(pairs), alpha=alpha)
    error = sqrt(sum(drop * drop for drop in _drops(pairs))) / (len(pairs) * pairs[0].now.repeats)
    return None if least is None else min(1.0, max(least, _standard_errors(alpha) * error))


def _standard_errors(alpha: float) -> float:
    """At how many of them a one-sided test at `alpha` finds a drop in 8 of 10 runs: 2.49 at 0.05."""
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha) + normal.inv_cdf(_POWER)


def sensitivity(pairs: Sequence[Pair], drop: float | None, measured: int) -> str:
    """The same in words."""
    if not measured:
        return ""
    against = f"{len(pairs)} cases compared with the baseline" if pairs else f"{measured} cases, no baseline"
    if drop is None:
        return f"{against}: too few to notice any drop"
    could = "the smallest drop this run could have noticed" if pairs else "a comparison of as many would notice a drop"
    return f"{against}: {could} {'is' if pairs else 'of'} {drop:.1%}{'' if pairs else ' or more'} (in 8 of 10 runs)"


def _repeated(pairs: Sequence[Pair]) -> bool:
    counts = {one.measured_repeats for pair in pairs for one in pair}
    asked = {one.repeats for pair in pairs for one in pair}
    return len(counts) == 1 and counts == asked and counts != {1}


def _drops(pairs: Sequence[Pair]) -> list[int]:
    return [pair.before.passed_repeats - pair.now.passed_repeats for pair in pairs]
