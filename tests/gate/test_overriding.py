"""Which failures may be overridden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from otel_i2e.errors import NotFound, UsageError
from otel_i2e.gate import bound, decide, require_overridable
from otel_i2e.models import (
    Attempt,
    Case,
    CaseDecision,
    CaseRun,
    Decision,
    Experiment,
    Outcome,
    Override,
    Policy,
    Score,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


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


def _stored(**fields: Any) -> tuple[Experiment, Override]:
    """A failing P1 at commit `abc`, and an override that was made for it on an earlier run of the same commit."""
    case = Case(id="a", input="q", must=["y"], priority="P1")
    failed = Attempt(scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=Score(value=0), passed=False)
    run = Experiment(
        experiment_id="exp-2", dataset="refunds", dataset_hash="0" * 12, task="app:answer", repeats=1, commit="abc",
        created_at=NOW, cases=(case,), runs=(CaseRun(case_id="a", repeat=0, status="ok", attempts=(failed,)),),
    )  # fmt: skip
    earlier = run.model_copy(update={"experiment_id": "exp-1"})
    made = Override(override_id="o-1", experiment_id="exp-1", case_id="a", reason="known", by="ada", created_at=NOW)
    decision = decide(earlier, now=NOW).cases[0]
    return run, bound(made, decision, earlier).model_copy(update=fields)


def test_an_override_holds_for_the_next_run_of_the_same_commit() -> None:
    """Bound to the commit, the case and the scorer that failed."""
    run, override = _stored()
    assert (override.commit, override.scorer_versions, bool(override.case_hash)) == ("abc", {"s": "1"}, True)
    decision = decide(run, overrides=[override], now=NOW)
    assert decision.cases[0].overridden == override
    assert decision.verdict == "pass"
    assert (decision.override_debt, decision.overrides[0].counts) == (1, True)


def test_what_is_not_in_the_commit_is_named() -> None:
    """So that somebody can commit it, or have git ignore it."""
    run, override = _stored()
    dirty = run.model_copy(update={"commit": "abc-dirty", "metadata": {"changes": ["?? extra.py"]}})
    (state,) = decide(dirty, overrides=[override], now=NOW).overrides
    assert (state.counts, state.why) == (False, "it is for commit abc, and this is abc-dirty (?? extra.py)")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"spent_on": "exp-0"}, "it was spent on exp-0"),
        ({"expires_at": NOW}, "it expired on 2026-11-20 12:00 UTC"),
        ({"commit": "def"}, "it is for commit def, and this is abc"),
        ({"commit": "abc-dirty"}, "it is for experiment exp-1 alone, which was of no clean commit"),
        ({"commit": None}, "it is for experiment exp-1 alone, which was of no clean commit"),
        ({"case_hash": "0" * 12}, "the case has changed since"),
        ({"scorer_versions": {"s": "0"}}, "it does not cover the failure by s 1"),
        ({"scorer_versions": {"other": "1"}}, "it does not cover the failure by s 1"),
    ],
)
def test_an_override_that_does_not_match_does_not_count_and_says_why(fields: dict[str, Any], why: str) -> None:
    """The run fails as without it, and the debt is counted all the same."""
    run, override = _stored(**fields)
    decision = decide(run, overrides=[override], now=NOW)
    assert decision.verdict == "fail"
    assert (decision.overrides[0].counts, decision.overrides[0].why, decision.override_debt) == (False, why, 1)
    assert f"the override of a by ada does not count: {why}" in decision.reasons


def test_an_override_spent_on_this_experiment_counts_again_for_it() -> None:
    """Deciding the same experiment anew says the same."""
    run, override = _stored(spent_on="exp-2")
    assert decide(run, overrides=[override], now=NOW).verdict == "pass"


def test_a_case_that_passes_has_paid_its_debt() -> None:
    """Old overrides of it are not listed any more."""
    run, override = _stored()
    (one,) = run.runs
    passed = one.model_copy(update={"attempts": (one.attempts[0].model_copy(update={"passed": True}),)})
    decision = decide(run.model_copy(update={"runs": (passed,)}), overrides=[override], now=NOW)
    assert (decision.verdict, decision.overrides, decision.override_debt) == ("pass", (), 0)


def test_of_two_overrides_one_is_used() -> None:
    """The later; the other stays for another time, and both are debt."""
    run, override = _stored()
    later = override.model_copy(update={"override_id": "o-2", "created_at": NOW + timedelta(hours=1)})
    decision = decide(run, overrides=[override, later], now=NOW)
    assert [(one.override.override_id, one.counts) for one in decision.overrides] == [("o-1", False), ("o-2", True)]
    assert "override debt: 2 overrides of cases that still do not pass" in decision.reasons
