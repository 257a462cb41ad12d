"""Rows for a terminal's table; the command line draws them."""

from __future__ import annotations

from typing import Final

from otel_i2e.gate.reports.ranking import EFFECT_WORDS, effect_of, worst_first
from otel_i2e.gate.reports.summary import failure_rate
from otel_i2e.gate.wording import line
from otel_i2e.models import CaseDecision, Decision

__all__ = ["COLUMNS", "grid"]

COLUMNS: Final = ("case", "priority", "suite", "result", "repeats", "fails", "change", "why")
"""Names of the columns that `grid` gives."""


def grid(decision: Decision, *, most: int = 40) -> list[tuple[str, ...]]:
    """One row per case, worst first; of more than `most` cases, those that passed are one row that counts them.

    `repeats` is passed/measured/asked for; `fails` how often a repeat fails, with its interval.
    """
    if len(decision.cases) <= most:
        return [_row(case) for case in worst_first(decision.cases)]
    others = [case for case in decision.cases if case.verdict != "passed" or case.change == "fixed"]
    passed = len(decision.cases) - len(others)
    counted = [(f"{passed} more", "", "", EFFECT_WORDS["passed"], "", "", "", "")] if passed else []
    return [*(_row(case) for case in worst_first(others)), *counted]


def _row(case: CaseDecision) -> tuple[str, ...]:
    return (
        line(case.case_id, 80),
        case.priority,
        line(case.suite, 40),
        EFFECT_WORDS[effect_of(case)],
        repeats(case),
        failure_rate(case),
        "" if case.change in ("none", "not_measured") else case.change.replace("_", " "),
        line("; ".join(case.reasons)),
    )


def repeats(case: CaseDecision) -> str:
    """`2/3` passed; `2/2 of 3` when one of three was not measured; `4 by several models`."""
    of = "" if case.measured_repeats == case.repeats else f" of {case.repeats}"
    if case.several_models:
        return f"{case.measured_repeats}{of} by several models"
    return f"{case.passed_repeats}/{case.measured_repeats}{of}"
