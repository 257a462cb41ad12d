"""Rows for a terminal's table; the command line draws them."""

from __future__ import annotations

from typing import Final

from otel_i2e.gate.reports.ranking import EFFECT_WORDS, effect_of, worst_first
from otel_i2e.gate.wording import line
from otel_i2e.models import CaseDecision, Decision

__all__ = ["COLUMNS", "grid"]

COLUMNS: Final = ("case", "priority", "suite", "result", "repeats", "change", "why")
"""Names of the columns that `grid` gives."""


def grid(decision: Decision) -> list[tuple[str, ...]]:
    """One row per case, worst first. `repeats` is passed/measured/asked for."""
    return [_row(case) for case in worst_first(decision.cases)]


def _row(case: CaseDecision) -> tuple[str, ...]:
    return (
        line(case.case_id, 80),
        case.priority,
        line(case.suite, 40),
        EFFECT_WORDS[effect_of(case)],
        repeats(case),
        "" if case.change == "none" else case.change.replace("_", " "),
        line("; ".join(case.reasons)),
    )


def repeats(case: CaseDecision) -> str:
    """`2/3` passed; `2/2 of 3` when one of three was not measured."""
    of = "" if case.measured_repeats == case.repeats else f" of {case.repeats}"
    return f"{case.passed_repeats}/{case.measured_repeats}{of}"
