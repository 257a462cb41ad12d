"""Scorers of the real autoevals, as ours."""

from __future__ import annotations

import asyncio

import pytest
from autoevals import ExactMatch, Levenshtein, NumericDiff

from otel_i2e.models import Attempt, Case, Outcome, Subject
from otel_i2e.score import Scorer, run_scorer
from otel_i2e.score.adapters import from_autoevals
from otel_i2e.testing import llm_span


def attempt(scorer: Scorer, output: str | None, expected: object = "30 days") -> Attempt:
    """As an evaluation runs it."""
    case = Case(id="a", input="How long?", expected=expected)
    return asyncio.run(run_scorer(scorer, Subject(span=llm_span("How long?", output), case=case)))


@pytest.mark.parametrize(("output", "value"), [("30 days", 1.0), ("30 day", 6 / 7)])
def test_its_score_is_ours(output: str, value: float) -> None:
    """With the threshold that is given here."""
    made = attempt(from_autoevals(Levenshtein(), threshold=0.9), output)
    assert made.score is not None
    assert made.score.value == pytest.approx(value)
    assert made.passed is (value >= 0.9)
    assert made.scorer == "Levenshtein"


def test_its_error_is_an_error_and_no_output_is_no_content() -> None:
    """Neither is zero."""
    assert attempt(from_autoevals(NumericDiff()), "thirty", expected=30).outcome is Outcome.ERROR
    assert attempt(from_autoevals(ExactMatch()), None).outcome is Outcome.NO_CONTENT


def test_its_identity_is_stable_and_follows_class_and_threshold() -> None:
    """Two of one class are one scorer."""
    one, same = from_autoevals(Levenshtein()), from_autoevals(Levenshtein())
    assert one.version == same.version
    assert one.version != from_autoevals(Levenshtein(), threshold=0.5).version
    assert one.version != from_autoevals(ExactMatch(), name="Levenshtein").version
