"""Suites that a policy names, and what a selection left out of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Decision, Experiment, Override, Policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Make = Callable[..., Experiment]
JUDGED = {"model": "claude-x"}


def _decide(experiment: Experiment, **policy: Any) -> Decision:
    return decide(experiment, Policy.model_validate({"suite_threshold": 0.0} | policy), now=NOW)


@pytest.mark.parametrize(
    ("suites", "says"),
    [
        (
            {"safty": {"threshold": 1.0}},
            "suite safty of the policy has 0 of at least 1 cases; the suites here are fast",
        ),
        ({"safty": {"repeats": "all"}}, "suite safty of the policy has 0 of at least 1 cases"),
        ({"fast": {"min_cases": 10}}, "suite fast of the policy has 2 of at least 10 cases"),
    ],
)
def test_a_rule_that_no_suite_fits_is_not_ignored(experiment: Make, suites: dict[str, Any], says: str) -> None:
    """A misspelt name, and a suite that shrank: as for a slice or a scorer that is not there."""
    decision = _decide(experiment({"a": [True], "b": [True]}), suites=suites)
    assert decision.verdict == "undecided"
    assert decision.reasons[0].startswith(says)


def _selected(make: Make, **whole: dict[str, int]) -> Experiment:
    """One case of the suite `safety` was run, of a dataset with these suites and priorities."""
    return make({"a": [True]}, case={"a": {"suite": "safety"}}, blocking=["a"], metadata={"dataset_suites": whole})


def test_a_required_suite_is_evaluated_as_a_whole(experiment: Make) -> None:
    """One hand-picked case of it is not the suite."""
    run = _selected(experiment, safety={"P0": 1, "P2": 4})
    assert _decide(run).verdict == "pass"
    decision = _decide(run, required_suites=["safety"])
    assert (decision.verdict, decision.reasons) == (
        "undecided", ("only 1 of the 5 cases of required suite safety were evaluated",),
    )  # fmt: skip
    assert (
        _decide(_selected(experiment, safety={"P0": 1}, slow={"P0": 9}), required_suites=["safety"]).verdict == "pass"
    )


def test_a_p0_case_of_an_evaluated_suite_cannot_be_left_out(experiment: Make) -> None:
    """Whatever the policy bears; whole suites can."""
    decision = _decide(_selected(experiment, safety={"P0": 5}), min_coverage=0.0, max_errors=9)
    assert (decision.verdict, decision.reasons) == (
        "undecided", ("4 P0 cases of suite safety left out: no P0 case of a suite that is evaluated may be",),
    )  # fmt: skip
    assert _decide(_selected(experiment, safety={"P0": 1}, slow={"P0": 5})).verdict == "pass"


def test_a_suite_that_was_left_out_on_purpose_is_said(experiment: Make) -> None:
    """`--suite safety`: the rule of another suite of the dataset waits, unless it is required."""
    run = _selected(experiment, safety={"P0": 1}, slow={"P1": 3})
    decision = _decide(run, suites={"slow": {"threshold": 1.0}})
    assert (decision.verdict, decision.reasons) == (
        "pass", ("suite slow of the policy was left out: none of its 3 cases was evaluated",),
    )  # fmt: skip
    assert _decide(run, suites={"slow": {"threshold": 1.0}}, required_suites=["slow"]).verdict == "undecided"


def test_a_record_that_does_not_know_its_dataset_is_taken_for_whole(experiment: Make) -> None:
    """One of before that was recorded, or a broken one."""
    run = experiment({"a": [True]}, metadata={"dataset_suites": {"fast": 3}})
    assert _decide(run, required_suites=["fast"]).verdict == "pass"


@pytest.mark.parametrize("policy", [{"required_suites": ["fast"]}, {"suites": {"fast": {"threshold": 1.0}}}])
def test_shadows_do_not_make_a_suite(experiment: Make, policy: dict[str, Any]) -> None:
    """Nothing that may block decided a case of it: neither its failures nor its passes count."""
    for passed in (True, False):
        decision = _decide(experiment({"a": [passed], "b": [passed]}, attempt=JUDGED), **policy)
        assert decision.verdict == "undecided"
        assert "has 0 measured cases of at least 1: 2 rest on judges that cannot block" in decision.reasons[0]
    assert _decide(experiment({"a": [True]}, attempt=JUDGED), **policy, uncalibrated_judge="allow").verdict == "pass"


def test_shadows_do_not_make_a_slice(experiment: Make) -> None:
    """The same for a slice."""
    run = experiment({"a": [False]}, attempt=JUDGED, case={"a": {"tags": ["refund"]}})
    decision = _decide(run, slices={"refund": {"threshold": 1.0}})
    assert (decision.verdict, decision.reasons[0]) == (
        "undecided", "slice refund of the policy has no case that was decided by what may block",
    )  # fmt: skip


def test_gaps_that_the_policy_bears_do_not_make_a_suite_or_a_slice(experiment: Make) -> None:
    """What was not measured fills neither."""
    run = experiment({"a": [True], "b": [None]}, case={"b": {"suite": "slow", "tags": ["refund"]}})
    bears: dict[str, Any] = {"min_coverage": 0.5, "max_errors": 1}
    assert _decide(run, **bears).verdict == "pass"
    decision = _decide(run, **bears, suites={"slow": {"threshold": 0.0}})
    assert decision.verdict == "undecided"
    assert "suite slow of the policy has 0 measured cases of at least 1: 1 were not measured" in decision.reasons
    assert _decide(run, **bears, slices={"refund": {"threshold": 0.0}}).verdict == "undecided"


def test_overridden_cases_are_decided(experiment: Make) -> None:
    """Somebody looked at each; the suite is not absent."""
    run = experiment({"a": [False]}, case={"a": {"priority": "P1"}})
    policy = Policy.model_validate({"required_suites": ["fast"]})
    made = {"experiment_id": "exp-1", "case_id": "a", "reason": "known", "by": "ada", "created_at": NOW}
    assert decide(run, policy, overrides=[Override.model_validate(made)], now=NOW).verdict == "pass"
