"""Checks that gave no verdict beside others that did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Decision, Experiment, Outcome, Policy, Score

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Make = Callable[..., Experiment]
SILENT = {"outcome": Outcome.NOT_APPLICABLE, "score": None, "passed": None, "threshold": None}
NUMBER = {"score": Score(value=0.0), "passed": None, "threshold": None}


def _beside(run: Experiment, **attempt: Any) -> Experiment:
    """Every run is scored by one more."""
    runs = [
        one.model_copy(update={"attempts": (*one.attempts, one.attempts[0].model_copy(update=attempt))})
        for one in run.runs
    ]
    return run.model_copy(update={"runs": tuple(runs)})


def _decided(experiment: Make, name: str, attempt: dict[str, Any], **case: Any) -> Decision:
    """On two cases that pass by `must: y`, tried with a check `name` as well; the first has the fields of `case`."""
    run = experiment({"a": [True], "b": [True]}, case={"a": case}, attempt={"scorer": "must: y"})
    return decide(_beside(run, scorer=name, **attempt), Policy(min_coverage=0.5), now=NOW)


@pytest.mark.parametrize(
    ("attempt", "says"),
    [(SILENT, "equals does not apply (a)"), (NUMBER, "equals has no threshold (a)"), ({}, "")],
)
def test_a_scorer_of_a_case_that_says_nothing_is_said(experiment: Make, attempt: dict[str, Any], says: str) -> None:
    """The case passes by what it demands; that this one said nothing must not be hidden."""
    decision = _decided(experiment, "equals", attempt, scorers=["equals"])
    assert decision.verdict == "pass"
    said = [f"checks that gave no verdict, in cases that passed by others: {says}"] if says else []
    assert list(decision.reasons) == said


def test_a_scorer_that_no_case_names_may_say_nothing(experiment: Make) -> None:
    """`i2e eval --scorer` asks for it of every case."""
    assert _decided(experiment, "asked for all cases", SILENT).reasons == ()


@pytest.mark.parametrize("name", ["must: similarity", "must_not: regex"])
def test_a_demand_that_nothing_could_answer_leaves_its_case_unmeasured(experiment: Make, name: str) -> None:
    """Of any priority; the policy says whether that will do."""
    run = _beside(experiment({"a": [True, True], "b": [True, True]}, attempt={"scorer": "must: y"}), scorer=name)
    assert decide(run, now=NOW).verdict == "pass"
    run = _beside(
        experiment({"a": [True, True], "b": [True, True]}, attempt={"scorer": "must: y"}), scorer=name, **SILENT
    )
    decision = decide(run, now=NOW)
    assert (decision.verdict, {case.verdict for case in decision.cases}) == ("undecided", {"not_measured"})
    says = f"{name} does not apply in any repeat, so it measured nothing: mend it, or take it out of the case"
    assert decision.cases[0].unmeasured == (says,)


def test_a_demand_that_was_answered_in_one_repeat_was_measured(experiment: Make) -> None:
    """A check may have nothing to say of one answer."""
    run = experiment({"a": [True, True]}, attempt={"scorer": "must: y"})
    silent = _beside(run, scorer="must: short", **SILENT)
    spoke = silent.runs[1].attempts[0].model_copy(update={"scorer": "must: short"})
    runs = (silent.runs[0], silent.runs[1].model_copy(update={"attempts": (silent.runs[1].attempts[0], spoke)}))
    assert decide(silent.model_copy(update={"runs": runs}), now=NOW).verdict == "pass"


def test_a_P0_case_is_measured_in_full(experiment: Make) -> None:  # noqa: N802 -- the priority's name
    """A check of it that does not apply leaves it unmeasured, whatever the policy bears; a number is no verdict."""
    decision = _decided(experiment, "equals", SILENT, scorers=["equals"], priority="P0")
    assert (decision.verdict, decision.cases[0].verdict) == ("undecided", "not_measured")
    assert _decided(experiment, "equals", NUMBER, scorers=["equals"], priority="P0").verdict == "pass"


@pytest.mark.parametrize("attempt", [SILENT, NUMBER])
def test_a_case_is_not_passed_by_what_it_does_not_name(experiment: Make, attempt: dict[str, Any]) -> None:
    """All that it names said nothing, and a scorer for every case (`--scorer`) passed."""
    case = {"must": [], "scorers": ["equals"]}
    run = _beside(experiment({"a": [True]}, case={"a": case}, attempt={"scorer": "brief"}), scorer="equals", **attempt)
    decision = decide(run, now=NOW)
    assert (decision.verdict, decision.cases[0].verdict) == ("undecided", "not_measured")


def test_a_failure_stays_one_beside_a_demand_that_does_not_apply(experiment: Make) -> None:
    """And the demand is listed below it."""
    run = experiment({"a": [False]}, blocking=["a"], attempt={"scorer": "must: y"})
    decision = decide(_beside(run, scorer="must: z", **SILENT), now=NOW)
    assert (decision.verdict, decision.cases[0].verdict) == ("fail", "failed")
    assert "must: z does not apply" in decision.cases[0].unmeasured[0]
