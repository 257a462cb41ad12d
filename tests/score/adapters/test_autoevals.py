"""Scorers of the real autoevals, as ours."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from autoevals import (
    ExactMatch,
    Factuality,
    JSONDiff,
    Levenshtein,
    ListContains,
    LLMClassifier,
    NumericDiff,
    ValidJSON,
)
from autoevals.score import Score

from otel_i2e.gate import shadows
from otel_i2e.models import Attempt, Case, Outcome, Policy, Subject
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


@pytest.mark.parametrize("ours", [ExactMatch(), JSONDiff(), Levenshtein(), NumericDiff(), ListContains(), Factuality()])
def test_nothing_is_held_against_an_expectation_that_is_not_there(ours: Any) -> None:
    """It would be 0, or a verdict against an empty text."""
    made = attempt(from_autoevals(ours), "30 days", expected=None)
    assert made.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("prompt", "needed"),
    [
        ("Is {{output}} polite? A or B", set[str]()),
        ("Is {{output}} as {{{ expected }}}? A or B", {"expected"}),
        ("Does {{output}} answer {{input}}? A or B", {"input"}),
        ("Is {{output}} polite?{{#expected}} As {{expected}}?{{/expected}} A or B", set[str]()),
    ],
)
def test_what_a_prompt_shows_must_be_there(prompt: str, needed: set[str]) -> None:
    """Unless it says what to do without."""
    assert from_autoevals(classifier(prompt_template=prompt)).required == {"output", *needed}
    assert from_autoevals(ValidJSON()).required == {"output"}


def test_a_scorer_within_another_is_part_of_its_identity() -> None:
    """With what it holds; two of one kind are one."""
    held = [
        Levenshtein(),
        ExactMatch(),
        classifier(),
        classifier(model="gpt-5"),
        ListContains(allow_extra_entities=True),
    ]
    versions = [from_autoevals(JSONDiff(string_scorer=one)).version for one in held]
    assert len(set(versions)) == len(held)
    assert versions[0] == from_autoevals(JSONDiff()).version
    other: Any = classifier()
    other.extra_args["api_key"] = "sk-1"
    assert from_autoevals(JSONDiff(string_scorer=other)).version == versions[2]
    assert "sk-1" not in str(from_autoevals(JSONDiff(string_scorer=other)).definition)


def test_its_identity_is_stable_and_follows_class_and_threshold() -> None:
    """Two of one class are one scorer."""
    one, same = from_autoevals(Levenshtein()), from_autoevals(Levenshtein())
    assert one.version == same.version
    assert one.version != from_autoevals(Levenshtein(), threshold=0.5).version
    assert one.version != from_autoevals(ExactMatch(), name="Levenshtein").version


def classifier(**changed: Any) -> LLMClassifier:
    """A judge that asks OpenAI."""
    given: dict[str, Any] = {"prompt_template": "Is {{output}} polite? A or B", "choice_scores": {"A": 1, "B": 0}}
    given |= {"name": "polite", "model": "gpt-4o", **changed}
    return LLMClassifier(**given)


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt_template": "Is {{output}} rude? A or B"},
        {"choice_scores": {"A": 0, "B": 1}},
        {"use_cot": False},
        {"model": "gpt-5"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_its_identity_is_that_of_its_prompt_and_its_choices(changed: dict[str, Any]) -> None:
    """And not of a key."""
    version = from_autoevals(classifier()).version
    assert from_autoevals(classifier()).version == version
    assert from_autoevals(classifier(**changed)).version != version
    other: Any = classifier()
    other.extra_args["api_key"] = "sk-1"
    assert from_autoevals(other).version == version
    assert "sk-1" not in str(from_autoevals(other).definition)


def test_one_that_asks_a_model_is_a_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its attempts carry the model, so that it is held to be one that was never calibrated."""

    async def says(*_: object, **__: object) -> Score:
        return Score(name="polite", score=1.0)

    asks = from_autoevals(classifier(), threshold=0.5)
    monkeypatch.setattr(LLMClassifier, "eval_async", says)
    made = attempt(asks, "You are welcome.")
    assert (asks.asks_model, made.passed, made.model) == (True, True, "gpt-4o")
    assert shadows([], Policy())(made)
    assert from_autoevals(ListContains(pairwise_scorer=classifier())).model == "gpt-4o"
    assert not from_autoevals(Levenshtein()).asks_model
    assert attempt(from_autoevals(Levenshtein()), "30 days").model is None


def test_one_that_compares_numbers_is_given_one() -> None:
    """Where the application answered one; those of texts are given the text."""
    span = llm_span("How many?", "5", attributes={"output.mime_type": "application/json"})
    for ours, expected in ((NumericDiff(), 5), (Levenshtein(), "5")):
        subject = Subject(span=span, case=Case(id="a", input="How many?", expected=expected))
        assert asyncio.run(run_scorer(from_autoevals(ours, threshold=1.0), subject)).passed is True
