"""What a policy can ask for beyond priorities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Decision, Experiment, Policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Make = Callable[..., Experiment]


def _decide(experiment: Experiment, baseline: Experiment | None = None, **policy: Any) -> Decision:
    return decide(experiment, Policy.model_validate({"suite_threshold": 0.0} | policy), baseline, now=NOW)


@pytest.mark.parametrize(
    ("reducer", "verdicts", "expected"),
    [
        ("all", [True, True, False], "failed"),
        ("any", [False, False, True], "passed"),
        ("any", [False, None, True], "not_measured"),
        ("any", [False, False, False], "failed"),
        ("at_least(2)", [True, True, False], "passed"),
        ("at_least(2)", [True, False, False], "failed"),
        ("at_least(2)", [False, False, None], "failed"),
        ("at_least(2)", [True, False, None], "not_measured"),
        ("at_least(4)", [True, True, True], "not_measured"),
        ("mean", [True, False, True], "passed"),
        ("mean(0.8)", [True, False, True], "failed"),
    ],
)
def test_reducers(experiment: Make, reducer: str, verdicts: list[bool | None], expected: str) -> None:
    """A lost repeat settles nothing that it could have changed; asking for more than there are is no measurement."""
    assert _decide(experiment({"a": verdicts}), repeats=reducer).cases[0].verdict == expected


def test_the_case_s_own_reducer_wins_then_its_suite_s(experiment: Make) -> None:
    """Then that of the policy."""
    run = experiment({name: [True, False] for name in "abc"}, case={"a": {"repeats": "any"}, "b": {"suite": "safety"}})
    found = _decide(run, repeats="any", suites={"safety": {"repeats": "all"}}).cases
    assert [one.verdict for one in found] == ["passed", "failed", "passed"]


def test_a_repeat_that_was_left_out_counts_as_what_would_hurt(experiment: Make) -> None:
    """One failure settles `all`; under another policy the same record may be too short, never a pass by luck."""
    run = experiment({"a": [True, False], "b": [True] * 5}, repeats=5, metadata={"skipped_repeats": {"a": 3}})
    decision = _decide(run)
    assert (decision.verdict, decision.cases[0].verdict, decision.cases[0].stopped_early) == ("pass", "failed", True)
    decision = _decide(run, repeats="at_least(2)")
    assert decision.verdict == "undecided"
    assert "3 of 5 repeats were left out, and at_least(2) needs them" in decision.reasons[0]
    assert _decide(run, repeats="any").cases[0].verdict == "passed"


def test_repeats_that_are_lost_are_not_left_out(experiment: Make) -> None:
    """Only the record can say that a repeat was left out on purpose."""
    assert _decide(experiment({"a": [True, True]}, repeats=5), repeats="any").verdict == "undecided"


def test_a_flaky_case_is_called_flaky_with_its_failure_probability(experiment: Make) -> None:
    """Also where the policy lets it pass."""
    decision = _decide(experiment({"a": [True, False, True, True, True]}), repeats="any")
    assert decision.cases[0].change == "flaky"
    assert decision.cases[0].failure_rate == pytest.approx(0.2)
    assert decision.cases[0].failure_interval == pytest.approx((0.036, 0.624), abs=0.001)
    assert "P2 a is flaky: 4 of 5 repeats passed" in decision.reasons


@pytest.mark.parametrize(("now", "change"), [([True] + [False] * 4, "regressed"), ([True] * 3 + [False] * 2, "flaky")])
def test_repeats_tell_a_regression_from_flakiness(experiment: Make, now: list[bool], change: str) -> None:
    """5 of 5 then 1 of 5 got worse; 3 of 5 may be luck."""
    decision = _decide(experiment({"a": now}), experiment({"a": [True] * 5}, experiment_id="exp-0"), drop="log")
    assert decision.cases[0].change == change


def test_a_failure_that_is_not_seen_again_does_not_block(experiment: Make) -> None:
    """The confirmation runs lie beyond the repeats; one more failure, or one lost, and the failure stands."""
    again: dict[str, Any] = {"metadata": {"confirm": 2}, "case": {"a": {"priority": "P1"}}, "repeats": 1}
    decision = _decide(experiment({"a": [False, True, True]}, **again))
    assert (decision.verdict, decision.cases[0].action, decision.cases[0].change) == ("pass", "warn", "flaky")
    assert "flaky: it passed in 2 confirmation runs" in decision.cases[0].reasons
    assert _decide(experiment({"a": [False, True, False]}, **again)).verdict == "fail"
    assert _decide(experiment({"a": [False, True, None]}, **again)).verdict == "fail"
    assert _decide(experiment({"a": [False, True, True]}, **again), unconfirmed="block").verdict == "fail"


def test_thresholds_of_scorers_are_applied_anew(experiment: Make) -> None:
    """The score stays, the verdict follows the policy."""
    run = experiment({"a": [True]}, attempt={"score": {"value": 0.6}})
    assert _decide(run).cases[0].verdict == "passed"
    assert _decide(run, scorers={"s": {"threshold": 0.7}}).cases[0].verdict == "failed"


@pytest.mark.parametrize(
    ("verdicts", "rule", "verdict", "says"),
    [
        ([True, False], {"s": {"pass_rate": 0.6}}, "fail", "scorer s passed 1 of 2 runs (50.0%), below its pass_rate"),
        ([True, True], {"s": {"pass_rate": 0.6}}, "pass", ""),
        ([True], {"gone": {}}, "undecided", "scorer gone was never run, and the policy has a rule for it"),
    ],
)
def test_pass_rates_of_scorers(
    experiment: Make, verdicts: list[bool], rule: dict[str, Any], verdict: str, says: str
) -> None:
    """A scorer that the policy asks for and that never spoke is no pass."""
    decision = _decide(experiment({"a": verdicts}), scorers=rule)
    assert decision.verdict == verdict
    assert says in "".join(decision.reasons)


_BEARS: dict[str, Any] = {"min_coverage": 0.5, "max_errors": 9}


@pytest.mark.parametrize(("rate", "verdict"), [(0.6, "pass"), (0.7, "undecided"), (1.0, "undecided")])
def test_a_scorer_that_broke_did_not_pass(experiment: Make, rate: float, verdict: str) -> None:
    """It passed 6 of the 10 runs that it was asked about, and says nothing of the rest."""
    run = experiment({f"c{i}": [True if i < 6 else None] for i in range(10)})
    decision = _decide(run, scorers={"s": {"pass_rate": rate}}, **_BEARS)
    assert decision.verdict == verdict
    if verdict == "undecided":
        assert decision.reasons[0] == (
            f"scorer s passed 6 of 6 runs (100.0%), below its pass_rate of {rate:g} "
            "if the 4 in which it gave no verdict had failed"
        )


def test_a_rate_that_no_gap_can_save_fails(experiment: Make) -> None:
    """One of eight passed; had the two that broke passed, too, it would not be enough."""
    run = experiment({f"c{i}": [None if i > 7 else i == 0] for i in range(10)})
    decision = _decide(run, scorers={"s": {"pass_rate": 0.5}}, **_BEARS)
    assert (decision.verdict, decision.reasons[0]) == (
        "fail", "scorer s passed 1 of 8 runs (12.5%), below its pass_rate of 0.5",
    )  # fmt: skip


def test_runs_that_broke_are_gaps_of_every_scorer(experiment: Make) -> None:
    """A task that raised was not scored; a case of another scorer is not asked for."""
    run = experiment({"a": [True], "b": [True], "c": [True]})
    other = run.runs[2].attempts[0].model_copy(update={"scorer": "other"})
    broke = run.runs[1].model_copy(update={"status": "task_error", "attempts": ()})
    run = run.model_copy(update={"runs": (run.runs[0], broke, run.runs[2].model_copy(update={"attempts": (other,)}))})
    rules = {"s": {"pass_rate": 1.0}}
    decision = _decide(run, scorers=rules, **_BEARS)
    assert "passed 1 of 1 runs (100.0%), below its pass_rate of 1 if the 1 in which" in decision.reasons[0]


def test_rates_count_neither_confirmations_nor_repeats_that_were_left_out(experiment: Make) -> None:
    """Both would be of chosen cases: more failures here, fewer there."""
    again = experiment({"a": [True], "b": [False, False, False]}, repeats=1, metadata={"confirm": 2})
    assert _decide(again, scorers={"s": {"pass_rate": 0.5}}).verdict == "pass"
    stopped = experiment({"a": [True] * 4, "b": [False]}, metadata={"skipped_repeats": {"b": 3}})
    assert _decide(stopped, scorers={"s": {"pass_rate": 0.5}}).verdict == "pass"
    assert _decide(stopped, scorers={"s": {"pass_rate": 0.6}}).verdict == "undecided"


def test_a_share_is_what_it_says(experiment: Make) -> None:
    """11 of 20 is 0.55, whatever 0.55 × 20 is for a computer."""
    run = experiment({f"c{i}": [True if i < 11 else None] for i in range(20)})
    rules = {"s": {"pass_rate": 0.55}}
    assert _decide(run, scorers=rules, min_coverage=0.55, max_errors=9, suite_threshold=0.55).verdict == "pass"


def test_two_versions_of_a_scorer_are_never_one_rate(experiment: Make) -> None:
    """Undecided."""
    run = experiment({"a": [True]})
    other = experiment({"b": [True]}, attempt={"scorer_version": "2"})
    both = run.model_copy(update={"cases": run.cases + other.cases, "runs": run.runs + other.runs})
    decision = _decide(both, scorers={"s": {"pass_rate": 0.1}})
    assert (decision.verdict, decision.reasons[0]) == ("undecided", "scorer s ran in 2 versions: 1, 2")


@pytest.mark.parametrize(
    ("name", "verdict", "says"),
    [
        ("refund", "fail", "slice refund: 1 of 2 measured cases passed (50.0%), below the threshold of 0.9"),
        ("tier=gold", "fail", "slice tier=gold: 0 of 1"),
        ("n=3", "pass", ""),
        ("tier=lead", "undecided", "slice tier=lead of the policy has no case"),
    ],
)
def test_slices(experiment: Make, name: str, verdict: str, says: str) -> None:
    """A tag, or a field of the metadata; an empty slice is no pass."""
    run = experiment(
        {"a": [True], "b": [False]},
        case={
            "a": {"tags": ["refund"], "metadata": {"n": 3}},
            "b": {"tags": ["refund"], "metadata": {"tier": "gold"}},
        },
    )
    decision = _decide(run, slices={name: {"threshold": 0.9}})
    assert decision.verdict == verdict
    assert says in decision.reasons[0]


def test_a_suite_of_its_own_threshold_and_a_required_one(experiment: Make) -> None:
    """A required suite that is absent, or too small, leaves the run undecided."""
    run = experiment({"a": [True], "b": [False]}, case={"b": {"suite": "safety"}})
    assert _decide(run, suites={"safety": {"threshold": 1.0}}).verdict == "fail"
    decision = _decide(run, required_suites=["fast", "predeploy"])
    assert (decision.verdict, decision.reasons[0]) == (
        "undecided",
        "required suite predeploy has 0 of at least 1 cases; the suites here are fast, safety",
    )
    assert _decide(run, required_suites=["fast"], suites={"fast": {"min_cases": 2}}).verdict == "undecided"


def test_a_policy_may_bear_gaps_within_bounds(experiment: Make) -> None:
    """Coverage and errors; never a P0; and the suite must hold even if the gaps had failed."""
    verdicts: dict[str, list[Any]] = {f"c{i}": [True] for i in range(19)} | {"lost": [None]}
    run = experiment(verdicts)
    bears: dict[str, Any] = {"min_coverage": 0.9, "max_errors": 1}
    assert _decide(run).verdict == "undecided"
    decision = _decide(run, **bears)
    assert decision.verdict == "pass"
    assert "19 of 20 cases were measured in full, which the policy bears (min_coverage)" in decision.reasons
    assert any("lost could not be measured" in reason for reason in decision.reasons)
    assert _decide(run, min_coverage=0.9).verdict == "undecided"
    assert _decide(run, min_coverage=0.96, max_errors=1).verdict == "undecided"
    assert _decide(experiment(verdicts, blocking=["lost"]), **bears).verdict == "undecided"
    assert _decide(run, **bears, suite_threshold=0.96).verdict == "undecided"
    assert _decide(experiment({"a": [None]}), min_coverage=0.0, max_errors=9).verdict == "undecided"
    decision = _decide(run.model_copy(update={"metadata": {"interrupted": True}}), **bears)
    assert decision.verdict == "undecided"
    assert decision.reasons[0] == "the evaluation was interrupted before it had run everything"


@pytest.mark.parametrize(
    ("run", "policy", "verdict", "says"),
    [
        ({"duration_ms": 900}, {"latency_p95_ms": 500}, "fail", "took up to 900 ms, over the budget of 500 ms"),
        ({"duration_ms": 400}, {"latency_p95_ms": 500}, "pass", ""),
        ({}, {"latency_p95_ms": 500}, "undecided", "the duration of 2 of 2 runs is unknown"),
        ({"cost_usd": 0.02}, {"cost_per_run_usd": 0.01}, "fail", "a run cost $0.0200 on average"),
        ({"cost_usd": 0.02}, {"cost_per_run_usd": 0.01, "budgets": "warn"}, "pass", "the policy only warns"),
        ({}, {"cost_per_run_usd": 0.01}, "undecided", "the cost of 2 of 2 runs is unknown"),
        ({"cost_usd": 0.0}, {"cost_per_run_usd": 0.01}, "pass", "no run cost anything: no model call was recorded"),
    ],
)
def test_budgets(experiment: Make, run: dict[str, Any], policy: dict[str, Any], verdict: str, says: str) -> None:
    """What is unknown is not within budget."""
    decision = _decide(experiment({"a": [True], "b": [True]}, run=run), **policy)
    assert decision.verdict == verdict
    assert says in "".join(decision.reasons)


def _mixed(make: Make, **broken: Any) -> Experiment:
    """Ten cases of 100 ms and $0.02 each; four of them raised, after the time and at the cost in `broken`."""
    run = make({f"c{i}": [True] for i in range(10)}, run={"duration_ms": 100, "cost_usd": 0.02})
    failed = {"status": "task_error", "error": "TimeoutError", "attempts": (), "duration_ms": None, "cost_usd": None}
    runs = [one.model_copy(update=failed | broken) for one in run.runs[:4]]
    return run.model_copy(update={"runs": (*runs, *run.runs[4:])})


@pytest.mark.parametrize(
    ("broken", "policy", "verdict", "says"),
    [
        ({"duration_ms": 1000}, {"latency_p95_ms": 500}, "fail", "took up to 1000 ms or longer, over the budget"),
        ({"duration_ms": 10}, {"latency_p95_ms": 500}, "undecided", "duration of 4 of 10 runs is unknown (4 broke)"),
        ({}, {"latency_p95_ms": 500}, "undecided", "duration of 4 of 10 runs is unknown (4 broke)"),
        ({"duration_ms": 1000}, {"latency_p95_ms": 2000}, "undecided", "4 of 10 runs is unknown"),
        ({"duration_ms": 10}, {"latency_p95_ms": 500, "budgets": "warn"}, "pass", "4 of 10 runs is unknown"),
        ({}, {"cost_per_run_usd": 0.03}, "undecided", "cost of 4 of 10 runs is unknown (4 broke)"),
        ({"cost_usd": 0.0}, {"cost_per_run_usd": 0.015}, "fail", "a run cost $0.0200 on average"),
        ({"cost_usd": 0.1}, {"cost_per_run_usd": 0.03}, "fail", "a run cost $0.0520 on average"),
        ({"cost_usd": 0.02}, {"cost_per_run_usd": 0.03}, "pass", ""),
    ],
)
def test_budgets_know_of_runs_that_broke(
    experiment: Make, broken: dict[str, Any], policy: dict[str, Any], verdict: str, says: str
) -> None:
    """They gave no answer: they are neither fast nor cheap, whatever gaps the policy bears."""
    decision = _decide(_mixed(experiment, **broken), min_coverage=0.5, max_errors=9, **policy)
    assert decision.verdict == verdict
    assert says in "".join(decision.reasons)


def test_a_few_runs_that_broke_leave_a_percentile_known(experiment: Make) -> None:
    """One of twenty: 95 % kept to the budget, however long that one would have taken."""
    run = experiment({f"c{i}": [True] for i in range(20)}, run={"duration_ms": 100})
    lost = run.runs[0].model_copy(update={"status": "task_error", "attempts": ()})
    run = run.model_copy(update={"runs": (lost, *run.runs[1:])})
    assert _decide(run, min_coverage=0.5, max_errors=9, latency_p95_ms=500).verdict == "pass"
