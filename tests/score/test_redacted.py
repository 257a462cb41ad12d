"""An answer of which a part is not there: the redactor took out a secret, or the SDK cut it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from otel_i2e.models import Attempt, Case, JudgePrompt, Outcome, Span
from otel_i2e.score import Scorer, check_scorers, scorer
from otel_i2e.score.checks.judge import judge_scorer
from otel_i2e.testing import ScriptedJudge

Try = Callable[..., Attempt]

REDACTED: Final = "Use the key [redacted:aws-access-key], please, in 30 days."


@scorer
def quiet(output: str) -> bool:
    """A scorer of the project."""
    return "AKIA" not in output


@scorer
def quiet_span(span: Span) -> bool:
    """One that looks at the span as it likes."""
    return "AKIA" not in (span.output_text or "")


@scorer
def long(output: str) -> float:
    """It only measures."""
    return float(len(output))


def _judge() -> Scorer:
    return judge_scorer(
        JudgePrompt(
            name="j",
            choices={"good": 1.0, "bad": 0.0},
            fields=("output",),
            threshold=1,
            model="m",
            max_tokens=9,
            text="?",
            path="j.md",
        )
    )


def _case_scorer(**checks: Any) -> Scorer:
    (found,) = check_scorers(Case.model_validate({"id": "c", "input": "q", **checks}))
    return found


@pytest.mark.parametrize(
    ("checks", "outcome", "passed"),
    [
        ({"must_not": [{"contains": "AKIA"}]}, Outcome.ERROR, None),
        ({"must_not": [{"regex": "AKIA"}]}, Outcome.ERROR, None),
        ({"must": [{"not_contains": "AKIA"}]}, Outcome.ERROR, None),
        ({"must_not": [{"contains": "30 days"}]}, Outcome.SCORED, False),
        ({"must": [{"not_contains": "30 days"}]}, Outcome.SCORED, False),
        ({"must": [{"contains": "30 days"}]}, Outcome.SCORED, True),
        ({"must": [{"contains": "AKIA"}]}, Outcome.NO_CONTENT, None),
        ({"must": [{"equals": "Use the key x, please, in 30 days."}]}, Outcome.NO_CONTENT, None),
        ({"must": [{"no_secrets": True}]}, Outcome.SCORED, False),
    ],
)
def test_what_was_taken_out_is_not_scored_as_if_it_had_never_been_said(
    attempt: Try, checks: Mapping[str, Any], outcome: Outcome, passed: bool | None
) -> None:
    """What is found counts, and what is absent does not."""
    made = attempt(_case_scorer(**checks), REDACTED)
    assert (made.outcome, made.passed) == (outcome, passed), made.error
    if outcome is not Outcome.SCORED:
        assert "the redactor took out aws-access-key" in (made.error or "")


@pytest.mark.parametrize("columns", [{"output": REDACTED}, {"content_state": "truncated"}])
@pytest.mark.parametrize("make", [lambda: quiet, lambda: quiet_span, _judge])
def test_a_part_passes_neither_a_judge_nor_a_scorer_of_the_project(
    attempt: Try, make: Callable[[], Scorer], columns: dict[str, Any]
) -> None:
    """It may fail, and it may be measured."""
    made = attempt(make(), judge=ScriptedJudge("good"), **columns)
    assert (made.outcome, made.passed, made.score) == (Outcome.NO_CONTENT, None, None)
    assert (made.model is not None) is (make is _judge)
    bad = {**columns, "output": "AKIA " + columns.get("output", "")}
    assert attempt(make(), judge=ScriptedJudge("bad"), **bad).passed is False
    assert attempt(long, **columns).outcome is Outcome.SCORED
