"""Runs beyond the repeats, made to see a failure again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Experiment, Override, Policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("runs", "action", "says"),
    [
        ([False, True, True], "override", "flaky: it passed in 2 confirmation runs"),
        ([False, True], "block", "not cleared: 1 of 2 confirmation runs passed, and the rest is missing"),
        ([False, True, None], "block", "not cleared: 1 of 2 confirmation runs passed, and the rest is missing"),
        ([False, False], "block", "seen again in 1 of 1 confirmation run"),
        ([False], "block", ""),
    ],
    ids=["cleared", "interrupted", "broke", "again", "none made"],
)
def test_a_failure_is_cleared_by_all_the_runs_that_were_asked_for(
    experiment: Callable[..., Experiment], runs: Sequence[bool | None], action: str, says: str
) -> None:
    """An evaluation that was interrupted after the first of two clears nobody."""
    made = experiment({"a": runs}, repeats=1, metadata={"confirm": 2}, blocking=["a"])
    decision = decide(made, Policy(suite_threshold=0.0), now=NOW)
    assert (decision.verdict, decision.cases[0].action) == ("fail", action)
    assert says in " ".join(decision.cases[0].reasons)
    assert bool(says) == any("confirmation" in reason for reason in decision.cases[0].reasons)


@pytest.mark.parametrize(
    ("priority", "unconfirmed", "action"),
    [("P0", "warn", "override"), ("P0", "log", "override"), ("P0", "block", "block"), ("P1", "warn", "warn")],
)
def test_a_p0_that_was_cleared_needs_an_override(
    experiment: Callable[..., Experiment], priority: str, unconfirmed: str, action: str
) -> None:
    """It failed once, and that it passed twice afterwards does not say that it did nothing wrong."""
    case = {"a": {"priority": priority}}
    made = experiment({"a": [False, True, True]}, repeats=1, metadata={"confirm": 2}, case=case)
    policy = Policy.model_validate({"suite_threshold": 0.0, "unconfirmed": unconfirmed})
    decision = decide(made, policy, now=NOW)
    assert decision.cases[0].action == action
    override = Override(experiment_id="exp-1", case_id="a", reason="flaky vendor", by="ada", created_at=NOW)
    passes = decide(made, policy, overrides=[override], now=NOW).verdict == "pass"
    assert passes == (action != "block")
