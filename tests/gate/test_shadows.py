"""Judges that have not earned the right to block."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from otel_i2e.gate import decide, suite_rates
from otel_i2e.models import Attempt, Decision, Experiment, JudgeStanding, Outcome, Policy, Score

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
JUDGED = {"model": "claude-x"}
GOOD = JudgeStanding(scorer="s", scorer_version="1", model="claude-x", may_block=True, created_at=NOW)
Make = Callable[..., Experiment]


def _decide(experiment: Experiment, *standings: JudgeStanding, **policy: Any) -> Decision:
    return decide(experiment, Policy.model_validate(policy), standings=standings, now=NOW)


@pytest.mark.parametrize(
    ("standings", "verdict"),
    [
        ([], "override"),
        ([GOOD], "block"),
        ([GOOD.model_copy(update={"scorer_version": "2"})], "override"),
        ([GOOD.model_copy(update={"model": "claude-y"})], "override"),
        ([GOOD.model_copy(update={"model": None})], "override"),
        ([GOOD, GOOD.model_copy(update={"may_block": False, "created_at": NOW + timedelta(1)})], "override"),
    ],
    ids=["none", "calibrated", "other version", "other model", "several models", "suspended"],
)
def test_only_a_calibrated_identity_blocks(experiment: Make, standings: list[JudgeStanding], verdict: str) -> None:
    """A P0 that only a shadow scores counts as P1, and it is said in capitals."""
    decision = _decide(experiment({"a": [False]}, attempt=JUDGED, blocking=["a"]), *standings)
    assert decision.cases[0].action == verdict
    assert any(reason.startswith("DEMOTED: 1 P0 case counts as P1") for reason in decision.reasons) == (
        verdict == "override"
    )


def test_a_passing_p0_of_a_shadow_is_demoted_too(experiment: Make) -> None:
    """A pass by nobody in particular is said as well, and counts in no rate."""
    decision = _decide(experiment({"a": [True]}, attempt=JUDGED, blocking=["a"]))
    assert decision.verdict == "pass"
    assert decision.reasons[0].startswith("DEMOTED")
    assert "1 of 1 verdicts rest on judges that cannot block" in decision.reasons[1]
    assert suite_rates(decision.cases)[0].shadow == 1


@pytest.mark.parametrize(
    ("standings", "says"),
    [
        ([], "s 1, never calibrated"),
        ([GOOD.model_copy(update={"scorer_version": "0"})], "s 1, and 0 was calibrated"),
        ([GOOD.model_copy(update={"model": "claude-y"})], "s 1, answered by claude-x, and claude-y was calibrated"),
        ([GOOD.model_copy(update={"may_block": False, "reason": "suspended: drift"})], "s 1, suspended: drift"),
    ],
)
def test_it_is_said_why_a_judge_may_not_block(experiment: Make, standings: list[JudgeStanding], says: str) -> None:
    """What is missing, and not what another identity or model has earned."""
    decision = _decide(experiment({"a": [True]}, attempt=JUDGED), *standings)
    assert f"count in no pass rate ({says}): i2e calibrate" in decision.reasons[-1]


def test_a_standing_that_is_too_old_for_the_policy_lets_nobody_block(experiment: Make) -> None:
    """To the day, and at the time of the decision; without the key it holds for ever."""
    run = experiment({"a": [False]}, attempt=JUDGED, blocking=["a"])
    old = GOOD.model_copy(update={"created_at": NOW - timedelta(days=31)})
    assert [_decide(run, old, **policy).cases[0].action for policy in ({}, {"standing_days": 31})] == ["block"] * 2
    decision = _decide(run, old, standing_days=30)
    assert decision.cases[0].action == "override"
    assert "s 1, last checked 2026-10-20, over 30 days: i2e calibrate" in decision.reasons[-1].replace(")", "")


@pytest.mark.parametrize(("choice", "verdict"), [("undecided", "undecided"), ("allow", "fail"), ("demote", "fail")])
def test_the_policy_says_what_a_shadow_may_do(experiment: Make, choice: str, verdict: str) -> None:
    """Leave it undecided, block, or need an override."""
    run = experiment({"a": [False]}, attempt=JUDGED, blocking=["a"])
    assert _decide(run, uncalibrated_judge=choice).verdict == verdict


def test_a_check_in_code_beside_a_shadow_still_blocks(experiment: Make) -> None:
    """The shadow's failure alone does not; the check's does."""
    run = experiment({"a": [False]}, attempt=JUDGED, blocking=["a"])
    for passed, action in ((True, "override"), (False, "block")):
        check = Attempt(
            scorer="code", scorer_version="1", outcome=Outcome.SCORED, score=Score(value=1.0), passed=passed
        )
        (one,) = run.runs
        both = run.model_copy(update={"runs": (one.model_copy(update={"attempts": (*one.attempts, check)}),)})
        assert _decide(both).cases[0].action == action


def test_a_suite_does_not_fail_by_shadows(experiment: Make) -> None:
    """They report; P2 failures of a shadow are logged and nothing more."""
    decision = _decide(experiment({"a": [False], "b": [False]}, attempt=JUDGED))
    assert decision.verdict == "pass"
    assert _decide(experiment({"a": [False], "b": [False]}, attempt=JUDGED), GOOD).verdict == "fail"


@pytest.mark.parametrize(("threshold", "action"), [(0.5, "block"), (0.7, "override")])
def test_a_judge_at_another_threshold_than_its_own_cannot_block(
    experiment: Make, threshold: float, action: str
) -> None:
    """It was calibrated at its own, which is 0.5; the same one in the policy changes nothing."""
    run = experiment({"a": [False]}, attempt=JUDGED, blocking=["a"])
    decision = _decide(run, GOOD, scorers={"s": {"threshold": threshold}})
    assert decision.cases[0].action == action
    assert any("s 1 at 0.7" in reason for reason in decision.reasons) == (action == "override")


@pytest.mark.parametrize("passed", [True, False])
def test_a_shadow_neither_reaches_nor_misses_its_pass_rate(experiment: Make, passed: bool) -> None:
    """What the policy asks of it was not measured; of a judge that may block it was."""
    run = experiment({"a": [passed]}, attempt=JUDGED)
    rule: dict[str, Any] = {"suite_threshold": 0.0, "scorers": {"s": {"pass_rate": 0.9}}}
    decision = _decide(run, **rule)
    assert (decision.verdict, decision.reasons[0]) == (
        "undecided", "scorer s is a judge that cannot block, and the policy has a pass_rate for it: i2e calibrate",
    )  # fmt: skip
    assert _decide(run, GOOD, **rule).verdict == ("pass" if passed else "fail")
