"""Pass rates of suites and slices, held to the policy's thresholds.

A rate is of the cases that were measured and that may block. Where the policy bears cases that were not
measured, the threshold must hold even if all of them had failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from otel_i2e.gate.remark import Remark
from otel_i2e.gate.wording import line
from otel_i2e.models import Case, CaseDecision, Policy

__all__ = ["SuiteRate", "in_slice", "suite_rates", "suite_remarks"]


class SuiteRate(NamedTuple):
    """Cases of one suite, by verdict. Every case is counted once."""

    suite: str
    """The suite's name."""
    passed: int
    """Cases that passed."""
    failed: int
    """Cases that failed and are not overridden."""
    overridden: int
    """Failing cases that somebody let through; neither passed nor failed in the rate."""
    not_measured: int
    """Cases without a verdict."""
    shadow: int = 0
    """Cases decided only by judges that may not block; neither passed nor failed in the rate."""
    cleared: int = 0
    """Failing cases that every confirmation run cleared and that the policy only warns of; neither in the rate."""

    @property
    def measured(self) -> int:
        """The rate's denominator."""
        return self.passed + self.failed

    @property
    def decided(self) -> int:
        """Cases with a verdict by what may block, overridden or cleared or not."""
        return self.measured + self.overridden + self.cleared

    @property
    def rate(self) -> float | None:
        """Part of the measured cases that passed, 0 to 1; None when there are none."""
        return self.passed / self.measured if self.measured else None

    @property
    def best_rate(self) -> float | None:
        """The rate if every case that was not measured had passed: below the threshold, the suite fails for certain."""
        most = self.measured + self.not_measured
        return (self.passed + self.not_measured) / most if most else None

    @property
    def worst_rate(self) -> float:
        """The rate if every case that was not measured had failed; 0 of none."""
        return self.passed / max(self.measured + self.not_measured, 1)

    def held_to(self, threshold: float) -> SuiteRate:
        """Itself; but where more cases were cleared than one, and than may fail, all of them count as failed.

        One flaky case is bad luck; a suite full of them has got worse.
        """
        room = max(1, int((1 - threshold) * (self.measured + self.cleared)))
        return self if self.cleared <= room else self._replace(failed=self.failed + self.cleared, cleared=0)


def suite_rates(cases: Iterable[CaseDecision]) -> list[SuiteRate]:
    """One rate per suite, in order of first appearance."""
    grouped: dict[str, list[CaseDecision]] = {}
    for case in cases:
        grouped.setdefault(case.suite, []).append(case)
    return [_rate(suite, found) for suite, found in grouped.items()]


def suite_remarks(
    decisions: Sequence[CaseDecision], cases: Sequence[Case], policy: Policy, *, bears_gaps: bool = False
) -> list[Remark]:
    """Suites and slices below their threshold, and slices that are empty.

    `bears_gaps`: nothing else keeps the run undecided for what was not measured.
    """
    said: list[Remark] = []
    for suite in suite_rates(decisions):
        said += _held(f"suite {line(suite.suite, 80)}", suite, policy.threshold(suite.suite), bears_gaps=bears_gaps)
    by_id = {case.id: case for case in cases}
    for name, rule in policy.slices.items():
        found = [one for one in decisions if in_slice(by_id[one.case_id], name)]
        said += _slice(f"slice {line(name, 80)}", _rate(name, found), rule.threshold, bears_gaps=bears_gaps)
    return said


def _slice(what: str, rate: SuiteRate, threshold: float, *, bears_gaps: bool) -> list[Remark]:
    if not sum(rate[1:]):
        return [Remark("undecided", f"{what} of the policy has no case in this experiment")]
    if not rate.decided and (bears_gaps or not rate.not_measured):
        return [Remark("undecided", f"{what} of the policy has no case that was decided by what may block")]
    return _held(what, rate, threshold, bears_gaps=bears_gaps)


def in_slice(case: Case, name: str) -> bool:
    """Whether a case is of the slice `tag` or `field=value`, where the field is one of its metadata."""
    field, equals, value = name.partition("=")
    if not equals:
        return name in case.tags
    return field in case.metadata and _text(case.metadata[field]) == value


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _held(what: str, suite: SuiteRate, threshold: float, *, bears_gaps: bool) -> list[Remark]:
    suite = suite.held_to(threshold)
    below = f"below the threshold of {threshold:.4g}"
    if suite.best_rate is not None and suite.best_rate < threshold:
        rate = f"{suite.passed} of {suite.measured} measured cases passed ({suite.passed / max(suite.measured, 1):.1%})"
        return [Remark("fail", f"{what}: {rate}, {below}")]
    if bears_gaps and suite.not_measured and suite.worst_rate < threshold:
        lost = f"if the {suite.not_measured} cases that were not measured had failed"
        return [Remark("undecided", f"{what}: {below} {lost}")]
    return []


def _rate(name: str, cases: Iterable[CaseDecision]) -> SuiteRate:
    counts = [0] * (len(SuiteRate._fields) - 1)
    for case in cases:
        counts[_column(case)] += 1
    return SuiteRate(name, *counts)


def _column(case: CaseDecision) -> int:
    if case.shadow and case.verdict != "not_measured":
        return 4
    if case.verdict == "passed":
        return 0
    if case.verdict == "not_measured":
        return 3
    if case.overridden is not None:
        return 2
    return 5 if case.unconfirmed and case.action in ("warn", "log") else 1
