"""How a case stands against the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from otel_i2e.models import Case, CaseDecision, CaseVerdict

__all__ = ["change_of", "same_test"]

Change = Literal["new", "fixed", "regressed", "still_failing", "still_passing", "none"]
_CHANGES: Final[Mapping[tuple[CaseVerdict, CaseVerdict], Change]] = {
    ("failed", "passed"): "fixed",
    ("passed", "failed"): "regressed",
    ("failed", "failed"): "still_failing",
    ("passed", "passed"): "still_passing",
}


def change_of(now: CaseDecision, before: CaseDecision | None, *, comparable: bool) -> Change:
    """The change since the baseline; `new` when the baseline has no such test, `none` when either was not measured."""
    if before is None or not comparable:
        return "new"
    return _CHANGES.get((before.verdict, now.verdict), "none")


def same_test(a: Case, b: Case) -> bool:
    """Whether two cases with one id ask the same and check the same, so that their verdicts can be compared."""
    return _test(a) == _test(b)


def _test(case: Case) -> tuple[Any, ...]:
    return case.input, case.expected, case.must, case.must_not, case.scorers
