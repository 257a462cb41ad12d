"""What cannot be compared with the baseline case by case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Decision, Experiment, Policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LENIENT = {"P2": "log", "suite_threshold": 0.0}
Make = Callable[..., Experiment]


def _decide(make: Make, *, renamed: int, failing: int, of: int = 40, **policy: Any) -> Decision:
    """All passed before; now the first cases have other ids, and the first fail."""
    before = make({f"c{at}": [True] for at in range(of)}, experiment_id="exp-0")
    names = [f"{'new-' if at < renamed else ''}c{at}" for at in range(of)]
    now = make({name: [at >= failing] for at, name in enumerate(names)})
    return decide(now, Policy.model_validate(LENIENT | policy), before, now=NOW)


def test_a_drop_behind_other_ids_is_no_pass(experiment: Make) -> None:
    """Three quarters of the ids are new, and half of the cases fail: with the old ids it is a drop."""
    assert _decide(experiment, renamed=0, failing=20).verdict == "fail"
    decision = _decide(experiment, renamed=30, failing=20)
    assert decision.verdict == "undecided"
    assert decision.reasons[0].startswith(
        "only 10 of 40 cases can be compared with the baseline exp-0, fewer than half"
    )
    assert decision.reasons[1].startswith(
        "of all cases, in common or not, 20 of 40 passed (50.0%), and 40 of 40 before (100.0%): a drop among"
    )
    assert _decide(experiment, renamed=30, failing=20, drop="warn").verdict == "pass"


def test_too_few_in_common_is_undecided_without_a_drop(experiment: Make) -> None:
    """What was not compared was not measured."""
    decision = _decide(experiment, renamed=21, failing=0)
    assert (decision.verdict, len(decision.reasons)) == ("undecided", 2)
    assert "the baseline has cases that are not in this experiment" in decision.reasons[1]
    assert _decide(experiment, renamed=20, failing=0).verdict == "pass"


@pytest.mark.parametrize(("failing", "verdict"), [(4, "pass"), (5, "undecided")])
def test_all_cases_are_compared_where_some_cannot_be_paired(experiment: Make, failing: int, verdict: str) -> None:
    """Fisher's exact test of 40 of 40 against 36 and 35 of 40, one-sided at 0.05: 0.058 and 0.027."""
    decision = _decide(experiment, renamed=10, failing=failing)
    assert decision.verdict == verdict
    assert any("a drop among those" in reason for reason in decision.reasons) == (verdict == "undecided")


def test_new_cases_are_no_drop(experiment: Make) -> None:
    """A dataset grows by what fails in production: all that the baseline had is compared."""
    before = experiment({f"c{at}": [True] for at in range(10)}, experiment_id="exp-0")
    now = experiment({f"c{at}": [at < 10] for at in range(40)})
    decision = decide(now, Policy.model_validate(LENIENT), before, now=NOW)
    assert (decision.verdict, decision.reasons) == ("pass", tuple(one for one in decision.reasons if "logs" in one))
