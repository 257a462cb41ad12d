"""The verdict of one case over its repeats."""

from __future__ import annotations

import pytest

from otel_i2e.gate.verdicts import case_decision, repeat_verdict
from otel_i2e.models import Attempt, Case, CaseRun, Outcome, Policy, Score

CASE = Case(id="a", input="Can I?", must=[{"contains": "30 days"}])


def _attempt(*, passed: bool | None = True, name: str = "cites", outcome: Outcome = Outcome.SCORED) -> Attempt:
    scored = outcome is Outcome.SCORED
    return Attempt(
        scorer=name,
        scorer_version="1",
        outcome=outcome,
        score=Score(value=0.0 if passed is False else 1.0, explanation="because") if scored else None,
        passed=passed if scored else None,
        threshold=None if passed is None else 1.0,
        error=None if scored else "it broke",
    )


def _run(*attempts: Attempt, repeat: int = 0) -> CaseRun:
    return CaseRun(case_id="a", repeat=repeat, status="ok", attempts=attempts)


def test_every_scorer_with_a_verdict_must_pass() -> None:
    """One failing scorer fails the repeat."""
    assert repeat_verdict(CASE, _run(_attempt(), _attempt(name="b"))).verdict == "passed"
    assert repeat_verdict(CASE, _run(_attempt(), _attempt(passed=False, name="b"))).verdict == "failed"


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.NO_CONTENT, Outcome.OVER_BUDGET, Outcome.SAMPLED_OUT])
def test_a_scorer_that_could_not_score_leaves_the_repeat_unmeasured(outcome: Outcome) -> None:
    """A broken scorer beside a passing one is no pass; beside a failing one it stays a failure, and is named."""
    broken = _attempt(name="broken", outcome=outcome)
    assert repeat_verdict(CASE, _run(_attempt(), broken)).verdict == "not_measured"
    failed = repeat_verdict(CASE, _run(broken, _attempt(passed=False)))
    assert failed.verdict == "failed"
    assert [finding.what.split()[0] for finding in failed.unmeasured] == ["broken"]


def test_a_score_without_a_threshold_is_no_verdict() -> None:
    """A number alone neither passes nor spoils a repeat; alone it measures nothing."""
    assert repeat_verdict(CASE, _run(_attempt(passed=None))).verdict == "not_measured"
    assert repeat_verdict(CASE, _run(_attempt(passed=None), _attempt(name="b"))).verdict == "passed"


def test_a_scorer_that_does_not_apply_is_no_verdict() -> None:
    """Not applicable alone measures nothing, and the reason says why."""
    nothing = repeat_verdict(CASE, _run(_attempt(outcome=Outcome.NOT_APPLICABLE)))
    assert nothing.verdict == "not_measured"
    assert "does not apply" in nothing.unmeasured[0].why


def test_a_pass_mark_on_an_attempt_that_did_not_score_is_ignored() -> None:
    """Only a scored attempt carries a verdict, whatever else its record says."""
    forged = _attempt(outcome=Outcome.NOT_APPLICABLE).model_copy(update={"passed": True})
    assert repeat_verdict(CASE, _run(forged)).verdict == "not_measured"


def test_a_scorer_that_the_case_names_and_nobody_ran_leaves_it_unmeasured() -> None:
    """An absent scorer is not a passing one."""
    case = CASE.model_copy(update={"scorers": ["cites", "polite"]})
    repeat = repeat_verdict(case, _run(_attempt()))
    assert repeat.verdict == "not_measured"
    assert repeat.unmeasured[0].what == "polite was never run"


def test_an_entry_of_must_that_no_attempt_stands_for_leaves_it_unmeasured() -> None:
    """Two checks and one attempt: one was never run."""
    case = CASE.model_copy(update={"must_not": [{"contains": "120"}]})
    repeat = repeat_verdict(case, _run(_attempt()))
    assert repeat.verdict == "not_measured"
    assert repeat.unmeasured[0].what == "1 of 2 entries of must and must_not were never run"


@pytest.mark.parametrize("status", ["task_error", "no_span"])
def test_a_run_without_a_scored_span_is_unmeasured(status: str) -> None:
    """A task that raised, or a span that was lost, is not a failure of the answer."""
    broken = CaseRun.model_validate({"case_id": "a", "repeat": 0, "status": status, "error": "ValueError: no"})
    decision = case_decision(CASE, [broken], repeats=1, policy=Policy())
    assert decision.verdict == "not_measured"
    assert "ValueError: no" in decision.reasons[0]


def test_all_repeats_must_pass_by_default() -> None:
    """One failing repeat of three fails the case; a missing one leaves it unmeasured."""
    policy = Policy()
    two = [_run(_attempt(), repeat=0), _run(_attempt(), repeat=1)]
    assert case_decision(CASE, [*two, _run(_attempt(), repeat=2)], repeats=3, policy=policy).verdict == "passed"
    failed = case_decision(CASE, [*two, _run(_attempt(passed=False), repeat=2)], repeats=3, policy=policy)
    assert (failed.verdict, failed.passed_repeats, failed.action) == ("failed", 2, "override")
    assert failed.reasons == ("cites failed in 1 of 3 repeats: because",)
    lost = case_decision(CASE, two, repeats=3, policy=policy)
    assert (lost.verdict, lost.reasons) == ("not_measured", ("1 of 3 repeats are missing",))


def test_a_failure_shows_its_number_where_that_says_more_than_no() -> None:
    """0 of a threshold of 1 is not repeated; 0.4 of 0.8 is shown, and so is a bare zero."""

    def reason(score: Score, threshold: float) -> str:
        failing = _attempt(passed=False).model_copy(update={"score": score, "threshold": threshold})
        return case_decision(CASE, [_run(failing)], repeats=1, policy=Policy()).reasons[0]

    assert reason(Score(value=0.4, explanation="vague"), 0.8) == "cites failed: vague (0.4, threshold 0.8)"
    assert reason(Score(value=0.0), 1.0) == "cites failed: (0, threshold 1)"
    assert reason(Score(value=0.0, label="hallucination"), 1.0) == "cites failed: hallucination"


def test_a_missing_repeat_does_not_hide_a_failure() -> None:
    """What was measured and failed stays failed, and the missing repeat is named."""
    decision = case_decision(CASE, [_run(_attempt(passed=False))], repeats=2, policy=Policy())
    assert decision.verdict == "failed"
    assert decision.reasons[-1] == "1 of 2 repeats are missing"


def test_any_repeat_may_pass_when_the_policy_says_so_but_all_must_be_measured() -> None:
    """`any` forgives a failing repeat and not a lost one."""
    policy = Policy(repeats="any")
    runs = [_run(_attempt(passed=False), repeat=0), _run(_attempt(), repeat=1)]
    assert case_decision(CASE, runs, repeats=2, policy=policy).verdict == "passed"
    assert case_decision(CASE, runs[:1], repeats=1, policy=policy).verdict == "failed"
    assert case_decision(CASE, runs[1:], repeats=2, policy=policy).verdict == "not_measured"


def test_the_same_repeat_twice_is_not_two_repeats() -> None:
    """Two records of repeat 0 do not stand in for repeat 1."""
    decision = case_decision(CASE, [_run(_attempt()), _run(_attempt())], repeats=2, policy=Policy())
    assert decision.verdict == "not_measured"


def test_a_case_with_nothing_to_check_is_unmeasured_and_says_what_to_add() -> None:
    """An expectation alone checks nothing."""
    case = Case(id="a", input="x", expected="30 days")
    decision = case_decision(case, [_run()], repeats=1, policy=Policy())
    assert decision.verdict == "not_measured"
    assert decision.reasons == ("nothing to check: give the case must, must_not or scorers",)


def test_a_case_that_was_not_run_is_unmeasured() -> None:
    """No run at all is said as such."""
    decision = case_decision(CASE, [], repeats=3, policy=Policy())
    assert (decision.verdict, decision.reasons) == ("not_measured", ("it was not run",))
