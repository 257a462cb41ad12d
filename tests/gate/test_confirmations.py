"""Runs beyond the repeats, made to see a failure again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Experiment, Policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("runs", "verdict", "says"),
    [
        ([False, True, True], "pass", "flaky: it passed in 2 confirmation runs"),
        ([False, True], "fail", "not cleared: 1 of 2 confirmation runs passed, and the rest is missing"),
        ([False, True, None], "fail", "not cleared: 1 of 2 confirmation runs passed, and the rest is missing"),
        ([False, False], "fail", "seen again in 1 of 1 confirmation run"),
        ([False], "fail", ""),
    ],
    ids=["cleared", "interrupted", "broke", "again", "none made"],
)
def test_a_failure_is_cleared_by_all_the_runs_that_were_asked_for(
    experiment: Callable[..., Experiment], runs: Sequence[bool | None], verdict: str, says: str
) -> None:
    """An evaluation that was interrupted after the first of two clears nobody."""
    made = experiment({"a": runs}, repeats=1, metadata={"confirm": 2}, blocking=["a"])
    decision = decide(made, Policy(suite_threshold=0.0), now=NOW)
    assert decision.verdict == verdict
    assert says in " ".join(decision.cases[0].reasons)
    assert bool(says) == any("confirmation" in reason for reason in decision.cases[0].reasons)
