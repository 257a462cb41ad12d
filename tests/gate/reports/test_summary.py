"""The decision in one line."""

from __future__ import annotations

import pytest

from otel_i2e.gate.reports import markdown, summary
from otel_i2e.gate.reports.summary import failure_rate
from otel_i2e.models import Decision, Experiment

Decided = tuple[Decision, Experiment]


def test_it_counts_the_cases_worst_first(mixed: Decided, empty: Decided, passing: Decided) -> None:
    """The verdict, and then how many of each; Markdown has it under the heading."""
    assert summary(mixed[0]) == (
        "FAIL: of 6 cases 1 blocks, 1 fails until overridden, 1 was not measured, 1 fails and is overridden, "
        "1 fails and is logged, 1 passed"
    )
    assert summary(empty[0]) == "COULD NOT MEASURE: there are no cases"
    assert summary(passing[0]) == "pass: of 1 case 1 passed"
    assert f"fail\n\n{summary(mixed[0])}\n" in markdown(*mixed)


@pytest.mark.parametrize(("measured", "says"), [(0, ""), (1, ""), (4, "50% (15–85%)")])
def test_a_failure_rate_has_its_interval(mixed: Decided, measured: int, says: str) -> None:
    """Two of four; one run says nothing of how often."""
    fields = {"measured_repeats": measured, "failure_rate": 0.5 if measured else None, "failure_interval": (0.15, 0.85)}
    assert failure_rate(mixed[0].cases[0].model_copy(update=fields)) == says
