"""Pass rates of suites."""

from __future__ import annotations

from otel_i2e.gate import SuiteRate


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
