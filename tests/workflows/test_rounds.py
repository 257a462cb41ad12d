"""Which runs come next."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from otel_i2e.models import Attempt, Case, CaseRun, Outcome, Policy, Score
from otel_i2e.workflows.rounds import Effort, next_round, record_of

CASES = [Case.model_validate({"id": name, "input": "x", "must": ["y"], "priority": "P1"}) for name in ("a", "b")]


def _runs(case_id: str, verdicts: Sequence[bool | None]) -> list[CaseRun]:
    return [_run(case_id, number, verdict=verdict) for number, verdict in enumerate(verdicts)]


def _run(case_id: str, number: int, *, verdict: bool | None) -> CaseRun:
    if verdict is None:
        return CaseRun(case_id=case_id, repeat=number, status="task_error", error="no")
    score = Score(value=float(verdict))
    attempt = Attempt(scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=score, passed=verdict)
    return CaseRun(case_id=case_id, repeat=number, status="ok", attempts=(attempt,))


def _planned(made: list[CaseRun], effort: Effort, number: int, repeats: str = "all") -> list[tuple[str, int]]:
    planned = next_round(CASES, made, effort, Policy(repeats=repeats), number=number)
    return [(one.case.id, one.repeat) for one in planned]


def test_all_at_once_without_stopping_early() -> None:
    """And then nothing."""
    assert _planned([], Effort(2), 0) == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert _planned(_runs("a", [False, True]), Effort(2), 1) == []


@pytest.mark.parametrize(
    ("repeats", "verdicts", "goes_on"),
    [
        ("all", [True, True], True),
        ("all", [False], False),
        ("any", [True], False),
        ("any", [False, False], True),
        ("at_least(2)", [True, True], False),
        ("at_least(4)", [False, False], False),
        ("all", [None], True),
        ("any", [None, True], True),
    ],
)
def test_a_case_goes_on_until_it_is_settled(repeats: str, verdicts: list[bool | None], goes_on: bool) -> None:
    """Under its reducer; a lost repeat settles nothing."""
    effort = Effort(5, stop_early=True)
    made = _runs("a", verdicts)
    number = len(verdicts)
    assert (("a", number) in _planned(made, effort, number, repeats)) == goes_on
    record = record_of(CASES[:1], made, effort, Policy(repeats=repeats))
    assert record == {"skipped_repeats": {} if goes_on else {"a": 5 - number}}


def test_a_failure_is_run_again_until_it_is_seen_twice() -> None:
    """Beyond the repeats, so that it is not counted among them; at most as often as was asked."""
    effort = Effort(1, confirm=2)
    made = [*_runs("a", [True]), *_runs("b", [False])]
    assert _planned(made, effort, 1) == [("b", 1)]
    assert _planned([*made, _run("b", 1, verdict=True)], effort, 2) == [("b", 2)]
    assert _planned([*made, _run("b", 1, verdict=False)], effort, 2) == []
    assert _planned([*made, _run("b", 1, verdict=True), _run("b", 2, verdict=True)], effort, 3) == []
    assert record_of(CASES, made, effort, Policy()) == {"confirm": 2}


def test_repeats_go_on_after_one_failure_that_may_be_confirmed() -> None:
    """One that fails in half of its runs would be cleared by two that pass; the second failure settles it."""
    effort = Effort(5, stop_early=True, confirm=2)
    assert _planned(_runs("a", [False]), effort, 1)[0] == ("a", 1)
    made = _runs("a", [False, True, False])
    assert ("a", 3) not in _planned(made, effort, 3)
    assert record_of(CASES[:1], made, effort, Policy()) == {"skipped_repeats": {"a": 2}, "confirm": 2}


def test_many_failures_are_no_accident_and_not_run_again() -> None:
    """Twenty at most."""
    cases = [CASES[0].model_copy(update={"id": f"c{i}"}) for i in range(21)]
    made = [_run(case.id, 0, verdict=False) for case in cases]
    assert next_round(cases, made, Effort(1, confirm=1), Policy(), number=1) == []
    assert len(next_round(cases[:20], made[:20], Effort(1, confirm=1), Policy(), number=1)) == 20


def test_a_failure_that_holds_nothing_back_is_not_run_again() -> None:
    """It is only logged."""
    made = _runs("a", [False])
    assert next_round(CASES[:1], made, Effort(1, confirm=1), Policy(P1="log"), number=1) == []
