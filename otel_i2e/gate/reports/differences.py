"""What the application said before and says now, for the cases that got worse."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import unified_diff
from typing import Final, NamedTuple

from otel_i2e.gate.wording import line
from otel_i2e.models import CaseRun, Decision, Experiment

__all__ = ["Difference", "differences"]

_MOST_CASES: Final = 20
_MOST_LINES: Final = 40
_LONGEST: Final = 20_000


class Difference(NamedTuple):
    """The answers to one case, beside one another."""

    case_id: str
    """The case."""
    traces: tuple[str | None, str | None]
    """Before and now."""
    lines: tuple[str, ...]
    """A unified diff without its head: `-` before, `+` now. One line when the answers are the same."""


def differences(decision: Decision, experiment: Experiment, baseline: Experiment | None) -> list[Difference]:
    """One for each case that regressed, or is flaky and fails, in the dataset's order; twenty at most.

    Of several repeats: one that passed before, and one that failed now, where there are such.
    """
    if baseline is None:
        return []
    worse = [one for one in decision.cases if one.verdict == "failed" and one.change in ("regressed", "flaky")]
    found: list[Difference] = []
    for case in worse[:_MOST_CASES]:
        before, now = _run(baseline, case.case_id, passed=True), _run(experiment, case.case_id, passed=False)
        if before is not None and now is not None:
            found.append(Difference(case.case_id, (before.trace_id, now.trace_id), _lines(before, now)))
    return found


def _run(experiment: Experiment, case_id: str, *, passed: bool) -> CaseRun | None:
    runs = [run for run in experiment.runs if run.case_id == case_id]
    fitting = (run for run in runs if all(one.passed is not False for one in run.attempts) == passed)
    return next(fitting, runs[0] if runs else None)


def _lines(before: CaseRun, now: CaseRun) -> tuple[str, ...]:
    old, new = _split(before.output), _split(now.output)
    if old == new:
        return ("  the answers are the same",)
    rows = list(unified_diff(old, new, lineterm="", n=2))[2:]  # after the head of two lines
    found = [row for row in rows if not row.startswith("@@")]
    more = len(found) - _MOST_LINES
    return (*found[:_MOST_LINES], *([f"  and {more} more lines"] if more > 0 else []))


def _split(text: str | None) -> list[str]:
    return list(_shown("(no output)" if text is None else text[:_LONGEST]))


def _shown(text: str) -> Iterable[str]:
    return (line(row, 500) for row in text.splitlines() or [""])
