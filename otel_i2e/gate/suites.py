"""Pass rates of suites, held to the policy's threshold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from otel_i2e.models import CaseDecision

__all__ = ["SuiteRate", "suite_rates"]


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

    @property
    def measured(self) -> int:
        """The rate's denominator."""
        return self.passed + self.failed

    @property
    def rate(self) -> float | None:
        """Part of the measured cases that passed, 0 to 1; None when there are none."""
        return self.passed / self.measured if self.measured else None

    @property
    def best_rate(self) -> float | None:
        """The rate if every case that was not measured had passed: below the threshold, the suite fails for certain."""
        most = self.measured + self.not_measured
        return (self.passed + self.not_measured) / most if most else None


def suite_rates(cases: Iterable[CaseDecision]) -> list[SuiteRate]:
    """One rate per suite, in order of first appearance."""
    counts: dict[str, list[int]] = {}
    for case in cases:
        counts.setdefault(case.suite, [0, 0, 0, 0])[_column(case)] += 1
    return [SuiteRate(suite, *numbers) for suite, numbers in counts.items()]


def _column(case: CaseDecision) -> int:
    if case.verdict == "passed":
        return 0
    if case.verdict == "not_measured":
        return 3
    return 2 if case.overridden is not None else 1
