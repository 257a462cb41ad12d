"""The decision on an experiment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_i2e.gate import decide
from otel_i2e.models import Attempt, Case, CaseRun, Decision, Experiment, Outcome, Override, Policy, Score

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _scored(passed: bool | None, name: str = "cites") -> Attempt:
    return Attempt(
        scorer=name, scorer_version="1", outcome=Outcome.SCORED, score=Score(value=1.0), passed=passed, threshold=1.0
    )


PASS, FAIL, SILENT = _scored(passed=True), _scored(passed=False), _scored(passed=None)


def _broken(why: str = "no key", name: str = "judge") -> Attempt:
    return Attempt(scorer=name, scorer_version="1", outcome=Outcome.ERROR, error=why)


def _case(case_id: str, priority: str = "P1", **fields: Any) -> Case:
    return Case.model_validate(
        {"id": case_id, "input": "q", "must": [{"contains": "x"}], "priority": priority} | fields
    )


def _experiment(cases: list[Case], attempts: dict[str, list[Attempt]], **fields: Any) -> Experiment:
    runs = [CaseRun(case_id=one, repeat=0, status="ok", attempts=tuple(tried)) for one, tried in attempts.items()]
    return Experiment.model_validate(
        {
            "experiment_id": "exp-1",
            "dataset": "refunds",
            "dataset_hash": "0" * 12,
            "task": "app:answer",
            "repeats": 1,
            "created_at": NOW,
            "cases": cases,
            "runs": runs,
        }
        | fields
    )


def _override(case_id: str, experiment_id: str = "exp-1") -> Override:
    return Override(experiment_id=experiment_id, case_id=case_id, reason="known", by="ada", created_at=NOW)


def _verdict(decision: Decision) -> tuple[str, int]:
    return decision.verdict, decision.exit_code


def test_everything_passed_is_a_pass() -> None:
    """Exit 0, without reasons."""
    decision = decide(_experiment([_case("a", "P0")], {"a": [PASS]}), now=NOW)
    assert _verdict(decision) == ("pass", 0)
    assert decision.reasons == ()


def test_a_failing_p0_blocks() -> None:
    """Exit 1, the case named first; no override helps."""
    decision = decide(_experiment([_case("a", "P0")], {"a": [FAIL]}), overrides=[_override("a")], now=NOW)
    assert _verdict(decision) == ("fail", 1)
    assert decision.reasons[0].startswith("P0 a fails and blocks")
    assert decision.cases[0].overridden is None
    assert any("does not count" in reason for reason in decision.reasons)


def test_a_failing_p1_fails_until_it_is_overridden() -> None:
    """Exit 1, then 0 with the override listed."""
    run = _experiment([_case("a"), _case("b")], {"a": [FAIL], "b": [PASS]})
    assert _verdict(decide(run, now=NOW)) == ("fail", 1)
    decision = decide(run, overrides=[_override("a")], now=NOW)
    assert _verdict(decision) == ("pass", 0)
    assert decision.reasons == ("P1 a fails and is overridden by ada: known",)


def test_an_override_for_another_experiment_does_not_count() -> None:
    """An override is bound to one experiment."""
    run = _experiment([_case("a")], {"a": [FAIL]})
    assert decide(run, overrides=[_override("a", "exp-0")], now=NOW).verdict == "fail"


def test_a_failing_p2_is_logged() -> None:
    """Exit 0 as long as its suite reaches the threshold, and it is said."""
    cases = [_case("a", "P2"), *(_case(f"b{i}") for i in range(19))]
    decision = decide(_experiment(cases, {c.id: [_scored(c.id != "a")] for c in cases}), now=NOW)
    assert _verdict(decision) == ("pass", 0)
    assert "P2 a fails; the policy only logs" in decision.reasons[0]


@pytest.mark.parametrize(("failing", "expected"), [(1, "pass"), (2, "fail")])
def test_a_suite_must_reach_the_threshold(failing: int, expected: str) -> None:
    """19 of 20 is 95 % and passes; 18 of 20 fails although every failure is only logged."""
    cases = [_case(f"c{i}", "P2") for i in range(20)]
    run = _experiment(cases, {c.id: [_scored(i >= failing)] for i, c in enumerate(cases)})
    assert decide(run, now=NOW).verdict == expected


def test_suites_are_held_to_the_threshold_one_by_one() -> None:
    """A large good suite does not carry a small bad one."""
    cases = [_case(f"c{i}", "P2", suite="big") for i in range(99)] + [_case("bad", "P2", suite="small")]
    decision = decide(_experiment(cases, {c.id: [_scored(c.id != "bad")] for c in cases}), now=NOW)
    assert decision.verdict == "fail"
    assert "suite small: 0 of 1" in decision.reasons[0]


def test_an_overridden_case_counts_as_neither_passed_nor_failed() -> None:
    """The suite's rate leaves it out."""
    cases = [_case("a"), _case("b")]
    run = _experiment(cases, {"a": [FAIL], "b": [PASS]})
    assert decide(run, overrides=[_override("a")], now=NOW).verdict == "pass"


@pytest.mark.parametrize(
    "unmeasured",
    [
        _experiment([], {}),
        _experiment([Case(id="a", input="q", expected="y")], {"a": []}),
        _experiment([_case("a")], {}),
        _experiment([_case("a")], {"a": []}),
        _experiment([_case("a")], {"a": [_broken()]}),
        _experiment([_case("a")], {"a": [SILENT]}),
        _experiment([_case("a", scorers=["absent"])], {"a": [PASS]}),
        _experiment([_case("a", "P2"), _case("b")], {"a": [_broken()], "b": [PASS]}),
        _experiment([_case("a")], {"a": [PASS]}, repeats=3),
        _experiment([_case("a")], {"a": [PASS]}, repeats=0),
        _experiment([_case("a")], {"a": [PASS], "stranger": [PASS]}),
        _experiment([_case("a"), _case("a")], {"a": [PASS]}),
    ],
    ids=[
        "no cases",
        "nothing to check",
        "not run",
        "nothing scored",
        "scorer error",
        "no threshold",
        "scorer absent",
        "an unmeasured P2",
        "missing repeats",
        "no repeats",
        "runs of unknown cases",
        "one id twice",
    ],
)
def test_what_could_not_be_measured_is_undecided(unmeasured: Experiment) -> None:
    """Exit 2 with a reason, never 0."""
    decision = decide(unmeasured, now=NOW)
    assert _verdict(decision) == ("undecided", 2)
    assert decision.reasons


def test_a_task_error_is_undecided() -> None:
    """The answer was not bad: there was none."""
    run = _experiment([_case("a", "P0")], {})
    failed = CaseRun(case_id="a", repeat=0, status="task_error", error="TypeError: no")
    decision = decide(run.model_copy(update={"runs": (failed,)}), now=NOW)
    assert _verdict(decision) == ("undecided", 2)
    assert "TypeError: no" in decision.reasons[0]


def test_a_measured_block_beside_something_unmeasured_is_a_fail_that_lists_both() -> None:
    """Nothing unmeasured can make the release good, and nothing is hidden."""
    run = _experiment([_case("a", "P0"), _case("b")], {"a": [FAIL], "b": [_broken()]})
    decision = decide(run, now=NOW)
    assert _verdict(decision) == ("fail", 1)
    assert [reason.split(":")[0] for reason in decision.reasons] == [
        "P0 a fails and blocks",
        "suite fast",
        "P1 b could not be measured",
    ]


def test_a_tolerated_failure_does_not_hide_a_broken_scorer() -> None:
    """A logged or overridden failure with a scorer error beside it cannot pass: the scorer must work first."""
    cases = [_case("a"), *(_case(f"b{i}") for i in range(30))]
    tried = {c.id: [PASS] for c in cases} | {"a": [FAIL, _broken("no key")]}
    decision = decide(_experiment(cases, tried), overrides=[_override("a")], now=NOW)
    assert decision.verdict == "undecided"
    assert decision.reasons[0] == "P1 a could not be measured in full: judge broke: no key"


def test_overriding_the_failure_leaves_what_was_not_measured() -> None:
    """An override turns a fail into undecided, not into a pass."""
    run = _experiment([_case("a"), _case("b")], {"a": [FAIL], "b": [_broken()]})
    assert decide(run, overrides=[_override("a")], now=NOW).verdict == "undecided"


def test_a_suite_below_the_threshold_only_perhaps_is_undecided() -> None:
    """One logged failure, one unmeasured: 1 of 2 at best is a fail; 19 of 20 at best is not known."""
    few = _experiment([_case("a", "P2"), _case("b", "P2")], {"a": [FAIL], "b": [_broken()]})
    assert decide(few, now=NOW).verdict == "fail"
    cases = [_case(f"c{i}", "P2") for i in range(20)]
    tried = {c.id: [PASS] for c in cases} | {"c0": [FAIL], "c1": [_broken()]}
    assert decide(_experiment(cases, tried), now=NOW).verdict == "undecided"


def test_one_cause_is_said_once() -> None:
    """Forty cases without a key are one line, whatever their criteria are called."""
    cases = [_case(f"c{i}") for i in range(40)]
    decision = decide(_experiment(cases, {c.id: [_broken("no key", f"must: {c.id}")] for c in cases}), now=NOW)
    assert decision.reasons == ("40 cases could not be measured (c0, c1, c2 and 37 more): no key",)


def test_a_warned_case_passes_and_is_said() -> None:
    """The policy may only warn."""
    cases = [_case("a"), *(_case(f"b{i}") for i in range(30))]
    decision = decide(_experiment(cases, {c.id: [_scored(c.id != "a")] for c in cases}), Policy(P1="warn"), now=NOW)
    assert decision.verdict == "pass"
    assert "only warns" in decision.reasons[0]


def test_changes_against_a_baseline() -> None:
    """Each case says what became of it; what is gone or changed is not compared."""
    cases = [_case(name, "P2") for name in ("fixed", "broke", "bad", "good", "fresh", "edited", "lost")]
    before = _experiment(
        [*(c for c in cases if c.id not in ("fresh", "edited")), _case("edited", "P2", expected="old"), _case("gone")],
        {
            n: [_scored(n in ("broke", "good", "lost"))]
            for n in ("fixed", "broke", "bad", "good", "edited", "gone", "lost")
        },
        experiment_id="exp-0",
    )
    attempts = {c.id: [_scored(c.id not in ("broke", "bad"))] for c in cases} | {"lost": [_broken()]}
    decision = decide(_experiment(cases, attempts), baseline=before, now=NOW)
    assert {c.case_id: c.change for c in decision.cases} == {
        "fixed": "fixed",
        "broke": "regressed",
        "bad": "still_failing",
        "good": "still_passing",
        "fresh": "new",
        "edited": "new",
        "lost": "not_measured",
    }
    assert decision.baseline_id == "exp-0"
    assert decision.reasons[-1] == "the baseline has cases that are not in this experiment: gone"


def test_a_part_of_the_dataset_is_said_to_be_a_part() -> None:
    """A run of some cases does not read like a run of all."""
    run = _experiment([_case("a")], {"a": [PASS]}, metadata={"dataset_cases": 12})
    assert decide(run, now=NOW).reasons == ("only 1 of the 12 cases of refunds were evaluated",)


attempts_ = st.one_of(
    st.builds(_scored, st.sampled_from([True, False, None]), st.sampled_from(["a", "b"])),
    st.builds(
        Attempt,
        scorer=st.just("c"),
        scorer_version=st.just("1"),
        outcome=st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.SCORED]),
        passed=st.sampled_from([True, None]),
        score=st.none(),
        threshold=st.none(),
        error=st.none(),
        model=st.none(),
        cost_usd=st.none(),
        duration_ms=st.none(),
    ),
)
runs_ = st.lists(
    st.builds(
        CaseRun,
        case_id=st.sampled_from(["one", "two", "three", "other"]),
        repeat=st.integers(-1, 3),
        status=st.sampled_from(["ok", "ok", "ok", "task_error", "no_span"]),
        attempts=st.lists(attempts_, max_size=3).map(tuple),
        error=st.none(),
        trace_id=st.none(),
        span_id=st.none(),
        output=st.none(),
        duration_ms=st.none(),
        cost_usd=st.none(),
    ),
    max_size=8,
)
cases_ = st.lists(
    st.builds(
        _case,
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from(["P0", "P1", "P2"]),
        must=st.sampled_from([[], [{"contains": "x"}]]),
        scorers=st.sampled_from([[], ["a"]]),
        suite=st.sampled_from(["fast", "safety"]),
    ),
    max_size=3,
)
policies_ = st.builds(
    Policy,
    P0=st.sampled_from(["block", "override", "warn", "log"]),
    P1=st.sampled_from(["block", "override", "warn", "log"]),
    P2=st.sampled_from(["block", "override", "warn", "log"]),
    suite_threshold=st.floats(0, 1),
    repeats=st.sampled_from(["all", "any"]),
)
overrides_ = st.lists(st.builds(_override, st.sampled_from(["one", "two", "three"])), max_size=2)


@settings(max_examples=150)
@given(cases_, runs_, st.integers(0, 3), policies_, overrides_)
def test_no_pass_without_a_measured_verdict_of_every_repeat_of_every_case(
    cases: list[Case], runs: list[CaseRun], repeats: int, policy: Policy, overrides: list[Override]
) -> None:
    """Whatever is in the record: a pass means that there was a case, and each repeat of each had a verdict."""
    run = _experiment(cases, {}, repeats=repeats).model_copy(update={"runs": tuple(runs)})
    decision = decide(run, policy, overrides=overrides, now=NOW)
    if decision.verdict != "pass":
        assert decision.reasons
        return
    assert cases
    assert repeats >= 1
    for one in cases:
        of_case = [r for r in runs if r.case_id == one.id]
        assert {r.repeat for r in of_case} >= set(range(repeats))
        for r in of_case:
            assert r.status == "ok"
            assert any(a.outcome is Outcome.SCORED and a.passed is not None for a in r.attempts)
            assert all(a.outcome in (Outcome.SCORED, Outcome.NOT_APPLICABLE) for a in r.attempts)


@settings(max_examples=150)
@given(cases_, runs_, st.integers(1, 3), policies_, overrides_)
def test_a_failing_blocking_case_never_passes(
    cases: list[Case], runs: list[CaseRun], repeats: int, policy: Policy, overrides: list[Override]
) -> None:
    """A case whose failure blocks makes the run fail, whatever else is true and whoever overrides."""
    run = _experiment(cases, {}, repeats=repeats).model_copy(update={"runs": tuple(runs)})
    decision = decide(run, policy, overrides=overrides, now=NOW)
    if any(one.action == "block" for one in decision.cases):
        assert decision.verdict == "fail"
    if any(one.verdict == "not_measured" for one in decision.cases):
        assert decision.verdict != "pass"


def test_replayed_verdicts_are_said() -> None:
    """A pass that rests on recorded verdicts says so, with their days: a note, as it stands in every report."""
    replayed = {"verdicts": 3, "first": "2026-11-01T08:00:00+00:00", "last": "2026-11-19T09:00:00+00:00"}
    run = _experiment([_case("a", "P0")], {"a": [PASS]})
    decision = decide(run.model_copy(update={"metadata": {"replayed_verdicts": replayed}}), now=NOW)
    assert _verdict(decision) == ("pass", 0)
    assert decision.reasons == ("3 verdicts of judges were replayed, recorded 2026-11-01 to 2026-11-19",)
