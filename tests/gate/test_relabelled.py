"""A priority that was lowered between the baseline and now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Experiment, Override, Policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RULES = Policy(suite_threshold=0.0)
Make = Callable[..., Experiment]


def _before(make: Make, priority: str = "P0") -> Experiment:
    return make({"a": [True], "b": [True]}, case={"a": {"priority": priority}}, experiment_id="exp-0")


@pytest.mark.parametrize(
    ("then", "now", "action"),
    [
        ("P0", "P2", "block"),
        ("P0", "P1", "block"),
        ("P1", "P2", "override"),
        ("P2", "P2", "log"),
        ("P2", "P0", "block"),
    ],
)
def test_a_case_that_fails_is_decided_by_the_higher_priority(
    experiment: Make, then: str, now: str, action: str
) -> None:
    """And what it was is said, where it is another one."""
    made = experiment({"a": [False], "b": [True]}, case={"a": {"priority": now}})
    decision = decide(made, RULES, _before(experiment, then), now=NOW)
    assert decision.cases[0].action == action
    assert decision.verdict == ("pass" if action == "log" else "fail")
    says = f"and decided by the higher priority: a ({then}, now {now})"
    assert any(says in reason for reason in decision.reasons) == (then < now)
    without = decide(made, RULES, now=NOW)
    assert without.cases[0].priority == now


def test_an_override_does_not_undo_what_was_a_p0(experiment: Make) -> None:
    """Nobody could override it before it was called P1."""
    made = experiment({"a": [False], "b": [True]}, case={"a": {"priority": "P1"}})
    override = Override(experiment_id="exp-1", case_id="a", reason="known", by="ada", created_at=NOW)
    assert decide(made, RULES, overrides=[override], now=NOW).verdict == "pass"
    assert decide(made, RULES, _before(experiment), [override], now=NOW).verdict == "fail"


def test_a_p0_that_is_gone_is_said(experiment: Make) -> None:
    """It is one of the first things that a reader sees; one that passes under another label is said as well."""
    decision = decide(experiment({"b": [True]}), RULES, _before(experiment), now=NOW)
    assert "P0 GONE: the baseline exp-0 has P0 cases that are not here: a" in decision.reasons
    passes = decide(experiment({"a": [True], "b": [True]}), RULES, _before(experiment), now=NOW)
    assert passes.verdict == "pass"
    assert passes.reasons[0].startswith("RELABELLED since the baseline exp-0")
