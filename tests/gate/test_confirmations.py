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


@pytest.mark.parametrize(
    ("runs", "confirm", "reducer", "cleared"),
    [
        ([False] * 5, 2, "all", False),
        ([True] * 4 + [False], 1, "all", True),
        ([True] * 3 + [False] * 2, 2, "all", False),
        ([True] * 3 + [False] * 2, 2, "at_least(4)", True),
        ([False] * 5, 2, "any", False),
        ([False], 1, "all", False),
        ([False], 2, "all", True),
        ([True, True, False, None, None], 2, "all", False),
    ],
)
def test_confirmations_answer_for_one_failure_and_outvote_nothing(
    experiment: Callable[..., Experiment],
    runs: Sequence[bool | None],
    confirm: int,
    reducer: str,
    cleared: bool,
) -> None:
    """Of a case that lacks one pass, when most of all its runs passed; repeats that were left out are no passes."""
    repeats, case = len(runs), {"a": {"priority": "P1"}}
    metadata = {"confirm": confirm, "skipped_repeats": {"a": runs.count(None)}}
    made = experiment({"a": [*runs, *[True] * confirm]}, repeats=repeats, metadata=metadata, case=case)
    left_out = {at for at, verdict in enumerate(runs) if verdict is None}
    made = made.model_copy(update={"runs": tuple(run for run in made.runs if run.repeat not in left_out)})
    policy = Policy.model_validate({"suite_threshold": 0.0, "repeats": reducer})
    decision = decide(made, policy, now=NOW)
    assert (decision.cases[0].unconfirmed, decision.verdict) == (cleared, "pass" if cleared else "fail")
    said = " ".join(decision.cases[0].reasons)
    assert ("not cleared: it passed in" in said, "flaky: it passed" in said) == (not cleared, cleared)
