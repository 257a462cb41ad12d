"""`no_repeated_answers`: no answer of the conversation was given before in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, Subject
from otel_i2e.score import run_scorer
from otel_i2e.score.checks.no_repeated_answers import no_repeated_answers
from otel_i2e.testing import agent_span


def attempt(*answers: str | None, argument: Any = None, **last: Any) -> Attempt:
    """On the last turn of a conversation with these answers."""
    spans = [agent_span(f"Question {n}", answer) for n, answer in enumerate(answers)]
    spans[-1] = spans[-1].model_copy(update=last)
    subject = Subject(span=spans[-1], dialogue=tuple((span,) for span in spans))
    return asyncio.run(run_scorer(no_repeated_answers(argument), subject))


SAME, LIKE = "Please tell me your order number.", "please tell me your order number"


def test_the_same_answer_twice_fails_and_says_which_turns() -> None:
    """Case and a full stop make no difference; a likeness of 1 is stricter."""
    made = attempt(SAME, "Where did you buy it, and when?", LIKE)
    assert made.passed is False
    assert made.score is not None
    assert made.score.explanation == f"turn 3 answers as turn 1 did: '{LIKE}'"
    assert attempt(SAME, LIKE, argument=1).passed is True


def test_short_answers_and_failed_turns_may_be_alike() -> None:
    """A greeting is no loop, an error has no answer."""
    assert attempt("You are welcome.", "You are welcome.").passed is True
    assert attempt("You are welcome.", "You are welcome.", argument={"min_words": 3}).passed is False
    assert attempt(SAME, SAME, status="error", status_message="boom").passed is True


def test_the_same_answer_without_spaces_fails() -> None:
    """Chinese, Japanese; a courtesy may come again there, too."""
    assert attempt(*["很抱歉给您带来不便，请您提供订单号码。"] * 2).passed is False
    assert attempt(*["どういたしまして。"] * 2).passed is True


def test_one_turn_says_nothing_and_a_missing_answer_is_no_pass() -> None:
    """Not applicable; no content."""
    assert attempt(SAME).outcome is Outcome.NOT_APPLICABLE
    made = attempt(None, SAME)
    assert (made.outcome, made.error) == (Outcome.NO_CONTENT, "turn 1 of 2 was recorded without content")


def test_a_wrong_argument_is_one_line() -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^no_repeated_answers: .*its fields are at_least, min_words$"):
        no_repeated_answers(2)
