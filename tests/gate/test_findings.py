"""What kept a repeat from passing, in words."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.gate.findings import (
    Confirmed,
    Finding,
    RepeatVerdict,
    absent,
    answered_by,
    broken,
    confirmation,
    failure,
    lines,
    lost_repeats,
    no_verdict,
)
from otel_i2e.models import Attempt, Case, Outcome, Score

CASE = Case.model_validate({"id": "a", "input": "q", "must": [{"contains": "x"}], "scorers": ["cites"]})
NOTHING = Case(id="a", input="q")
FAILED = RepeatVerdict(failures=(Finding("s failed", ""),))
PASSED = RepeatVerdict()


def _attempt(name: str, outcome: Outcome = Outcome.SCORED, **fields: Any) -> Attempt:
    return Attempt(scorer=name, scorer_version="1", outcome=outcome, **fields)


def test_a_failure_says_why() -> None:
    """In the scorer's words."""
    score = Score(value=0.0, explanation="no source")
    found = failure(_attempt("cites", score=score, passed=False, threshold=1.0))
    assert found.what.startswith("cites")
    assert "no source" in found.why


def test_what_should_have_spoken_and_could_not() -> None:
    """With the error; a scorer that does not apply did speak."""
    attempts = [_attempt("a", Outcome.ERROR, error="it raised"), _attempt("b", Outcome.NOT_APPLICABLE)]
    assert broken(attempts) == [Finding("a broke", "it raised")]


def test_what_nobody_ran_is_named() -> None:
    """A scorer by its name, entries of must by their number."""
    assert [one.what for one in absent(CASE, [_attempt("must: contains")])] == ["cites was never run"]
    assert [one.what for one in absent(CASE, [_attempt("cites")])] == [
        "1 of 1 entries of must and must_not were never run"
    ]


def test_why_nothing_gave_a_verdict() -> None:
    """Each scorer with its reason; a case with nothing to check says what to give it."""
    silent = no_verdict(CASE, [_attempt("b", Outcome.NOT_APPLICABLE)])
    assert silent == Finding("no scorer gave a verdict", "b does not apply")
    assert no_verdict(CASE, []).what == "nothing was scored"
    assert no_verdict(NOTHING, []).why == "give the case must, must_not or scorers"


def test_equal_findings_are_one_line() -> None:
    """With how often, and the first reason that there is."""
    found = [Finding("a failed", ""), Finding("b broke", ""), Finding("a failed", "because")]
    assert lines(found, 3) == ["a failed in 2 of 3 repeats: because", "b broke in 1 of 3 repeats"]
    assert lines(found[:1], 1) == ["a failed"]


@pytest.mark.parametrize(
    ("case", "missing", "repeats", "said"),
    [
        (CASE, 0, 3, []),
        (CASE, 3, 3, ["it was not run"]),
        (CASE, 1, 3, ["1 of 3 repeats are missing"]),
        (NOTHING, 1, 3, ["nothing to check: give the case must, must_not or scorers"]),
    ],
)
def test_lost_repeats_are_counted(case: Case, missing: int, repeats: int, said: list[str]) -> None:
    """Unless the case has nothing to check, which is why."""
    assert lost_repeats(case, missing, repeats) == said


def test_several_models_are_several_judges() -> None:
    """In the order of their names."""
    assert answered_by("judge", {"y", "x"}) == "judge was answered by 2 models, which are 2 judges: x, y"


@pytest.mark.parametrize(
    ("again", "seen", "said"),
    [
        ([], Confirmed(cleared=False), []),
        ([FAILED, PASSED], Confirmed(cleared=False), ["seen again in 1 of 2 confirmation runs"]),
        ([PASSED, PASSED], Confirmed(cleared=True), ["flaky: it passed in 2 confirmation runs"]),
        (
            [PASSED, PASSED],
            Confirmed(cleared=False, why="by another judge"),
            ["not cleared: it passed in 2 confirmation runs, by another judge"],
        ),
        ([PASSED], Confirmed(cleared=False), ["not cleared: 1 of 2 confirmation runs passed, and the rest is missing"]),
    ],
)
def test_what_further_runs_showed(again: list[RepeatVerdict], seen: Confirmed, said: list[str]) -> None:
    """Two were asked for."""
    assert confirmation(again, 2, seen) == said
