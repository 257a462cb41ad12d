"""Pass rates of suites."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from otel_i2e.gate import SuiteRate, decide, suite_rates
from otel_i2e.models import Experiment, Policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_overridden_cases_are_in_neither_part_of_the_rate() -> None:
    """3 of 4 measured, whatever was overridden."""
    suite = SuiteRate("fast", passed=3, failed=1, overridden=5, not_measured=0)
    assert (suite.measured, suite.rate) == (4, 0.75)


def test_nothing_measured_has_no_rate() -> None:
    """None, not zero and not one."""
    assert SuiteRate("fast", 0, 0, 2, 3).rate is None
    assert SuiteRate("fast", 0, 0, 2, 0).best_rate is None


def test_the_best_rate_takes_what_was_not_measured_for_passed() -> None:
    """Below the threshold even so, the suite fails for certain."""
    assert SuiteRate("fast", passed=1, failed=1, overridden=0, not_measured=2).best_rate == 0.75


def test_one_case_that_was_cleared_fails_no_suite(experiment: Callable[..., Experiment]) -> None:
    """However small it is; several are a suite that has got worse, unless the threshold leaves room for them."""
    p1 = {f"f{i}": {"priority": "P1"} for i in range(9)}
    for flaky, others, verdict in ((1, 1, "pass"), (2, 1, "fail"), (2, 40, "pass"), (4, 40, "fail")):
        runs = {f"f{i}": [False, True, True, True, True] for i in range(flaky)}
        runs |= {f"c{i}": [True] * 3 for i in range(others)}
        made = experiment(runs, repeats=3, metadata={"confirm": 2}, case=p1)
        decision = decide(made, Policy(), now=NOW)
        assert (flaky, others, decision.verdict) == (flaky, others, verdict)
        assert suite_rates(decision.cases)[0].cleared == flaky
        strict = decide(made, Policy(unconfirmed="override"), now=NOW)
        assert suite_rates(strict.cases)[0].failed == flaky
