"""Which failures may be overridden."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from otel_i2e.errors import NotFound, UsageError
from otel_i2e.gate import require_overridable
from otel_i2e.models import CaseDecision, Decision, Policy


def _case(case_id: str, priority: str, verdict: str, action: str | None) -> CaseDecision:
    return CaseDecision.model_validate(
        {
            "case_id": case_id,
            "priority": priority,
            "suite": "fast",
            "verdict": verdict,
            "passed_repeats": 0,
            "measured_repeats": 1,
            "repeats": 1,
            "action": action,
        }
    )


DECISION = Decision(
    verdict="fail",
    experiment_id="exp-1",
    dataset="refunds",
    cases=(
        _case("p0", "P0", "failed", "block"),
        _case("p1", "P1", "failed", "override"),
        _case("p2", "P2", "failed", "log"),
        _case("good", "P1", "passed", None),
        _case("lost", "P1", "not_measured", None),
    ),
    reasons=(),
    policy=Policy(),
    decided_at=datetime(2026, 11, 20, tzinfo=UTC),
)


def test_a_failing_p1_may_be_overridden() -> None:
    """It is given back."""
    assert require_overridable(DECISION, "p1").case_id == "p1"


@pytest.mark.parametrize(
    ("case_id", "error", "says"),
    [
        ("p0", UsageError, "P0 and blocks: it cannot be overridden"),
        ("p2", UsageError, "does not fail the run"),
        ("good", UsageError, "passed in exp-1"),
        ("lost", UsageError, "only a measured failure can be overridden"),
        ("typo", NotFound, "no case 'typo' in experiment exp-1; these can be overridden: p1"),
    ],
)
def test_nothing_else_may(case_id: str, error: type[Exception], says: str) -> None:
    """One line says why."""
    with pytest.raises(error, match=says):
        require_overridable(DECISION, case_id)
