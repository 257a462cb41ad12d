"""A judge that two models answered for is two judges: nothing counts their verdicts together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from otel_i2e.gate import decide
from otel_i2e.gate.reports.grid import grid
from otel_i2e.gate.scorer_rates import scorer_remarks
from otel_i2e.models import CaseRun, Experiment, JudgeStanding, Policy

Make = Callable[..., Experiment]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
POLICY = Policy.model_validate({"scorers": {"s": {"pass_rate": 0.5}}})


def _by(experiment: Experiment, **models: str | None) -> Experiment:
    """Case → the model that answers."""
    runs = [
        one.model_copy(
            update={"attempts": tuple(made.model_copy(update={"model": models[one.case_id]}) for made in one.attempts)}
        )
        for one in experiment.runs
    ]
    return experiment.model_copy(update={"runs": tuple[CaseRun, ...](runs)})


def test_a_rate_over_two_models_is_undecided(experiment: Make) -> None:
    """Whatever it would be; over one it is what it is."""
    ran = experiment({"a": [True], "b": [False]})
    (remark,) = scorer_remarks(_by(ran, a="m-1", b="m-2"), POLICY)
    assert (remark.effect, remark.text) == ("undecided", "scorer s was answered by 2 models: m-1, m-2; pin one")
    assert scorer_remarks(_by(ran, a="m-1", b="m-1"), POLICY) == []


def test_verdicts_of_another_model_are_not_compared_with_the_baseline(experiment: Make) -> None:
    """The same scorer version, another model behind it: the case is not compared."""
    policy = Policy(uncalibrated_judge="allow")
    before = _by(experiment({"a": [True], "b": [True]}, experiment_id="exp-0"), a="m-1", b="m-1")
    now = _by(experiment({"a": [False], "b": [False]}), a="m-2", b="m-1")
    decision = decide(now, policy, before, now=NOW)
    assert [(one.case_id, one.change) for one in decision.cases] == [("a", "new"), ("b", "regressed")]
    assert any("1 cases are not compared with the baseline" in note for note in decision.reasons)


ALLOW = Policy.model_validate({"uncalibrated_judge": "allow", "suite_threshold": 0.0})


def _in_turn(experiment: Experiment, *models: str) -> Experiment:
    """The models answer for one repeat after the other."""
    runs = [
        run.model_copy(
            update={"attempts": tuple(made.model_copy(update={"model": models[at]}) for made in run.attempts)}
        )
        for at, run in enumerate(experiment.runs)
    ]
    return experiment.model_copy(update={"runs": tuple[CaseRun, ...](runs)})


def test_repeats_by_two_models_are_no_failure_rate(experiment: Make) -> None:
    """One passes what the other fails: nothing is "flaky 2/4", and no decision stands on such a rate."""
    decision = decide(_in_turn(experiment({"a": [True, False] * 2}), *["m-1", "m-2"] * 2), ALLOW, now=NOW)
    (case,) = decision.cases
    assert (case.several_models, case.failure_rate, case.change) == (True, None, "none")
    assert "s was answered by 2 models, which are 2 judges: m-1, m-2" in case.reasons
    (row,) = grid(decision)
    assert row[4:6] == ("4 by several models", "")
    assert (decision.verdict, decision.reasons[0]) == (
        "undecided", "judge s 1 was answered by 2 models, which are 2 judges: m-1, m-2; pin one",
    )  # fmt: skip


def test_cases_by_two_models_are_no_pass_rate_of_a_suite(experiment: Make) -> None:
    """Each case has one judge, and the suite would mix two; where one may not block, it is said and no more."""
    run = _by(experiment({"a": [True], "b": [True]}), a="m-1", b="m-2")
    assert decide(run, ALLOW, now=NOW).verdict == "undecided"
    assert decide(_by(run, a="m-1", b="m-1"), ALLOW, now=NOW).verdict == "pass"
    one = JudgeStanding(scorer="s", scorer_version="1", model="m-1", may_block=True, created_at=NOW)
    decision = decide(run, Policy(), standings=[one], now=NOW)
    assert (decision.verdict, [case.shadow for case in decision.cases]) == ("pass", [False, True])
    assert any(reason.startswith("judge s 1 was answered by 2 models") for reason in decision.reasons)


def test_a_pass_that_needs_a_shadow_is_a_shadow_s(experiment: Make) -> None:
    """Of two repeats one was judged by a model that may not: the case as a whole was not judged by one that may."""
    one = JudgeStanding(scorer="s", scorer_version="1", model="m-1", may_block=True, created_at=NOW)
    run = _in_turn(experiment({"a": [True, True]}, blocking=["a"]), "m-1", "m-2")
    decision = decide(run, Policy(), standings=[one], now=NOW)
    assert decision.cases[0].shadow
    assert any(reason.startswith("DEMOTED: 1 P0 case") for reason in decision.reasons)
    whole = _in_turn(run, "m-1", "m-1")
    assert not decide(whole, Policy(), standings=[one], now=NOW).cases[0].shadow


def test_another_model_does_not_clear_a_failure(experiment: Make) -> None:
    """What one judge failed, another passes in every confirmation run: that is no second look by the same."""
    run = experiment({"a": [False, True, True]}, repeats=1, metadata={"confirm": 2}, blocking=["a"])
    decision = decide(_in_turn(run, "m-1", "m-2", "m-2"), ALLOW, now=NOW)
    assert (decision.verdict, decision.cases[0].action) == ("fail", "block")
    assert "not cleared: it passed in 2 confirmation runs, by another judge" in decision.cases[0].reasons
    assert decide(_in_turn(run, "m-1", "m-1", "m-1"), ALLOW, now=NOW).cases[0].action == "override"


def test_two_mixtures_of_models_are_not_compared(experiment: Make) -> None:
    """Both sides are by the same two models, and by no single one."""
    models = ["m-1", "m-2"]
    before = _in_turn(experiment({"a": [True, True]}, experiment_id="exp-0"), *models)
    now = _in_turn(experiment({"a": [False, False]}), *models)
    assert decide(now, ALLOW, before, now=NOW).comparison is None
