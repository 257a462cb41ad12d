"""`no_repeated_questions`: the user did not have to ask the same thing again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, Subject
from otel_i2e.score import run_scorer
from otel_i2e.score.checks.no_repeated_questions import no_repeated_questions
from otel_i2e.testing import llm_span


def attempt(*questions: str, argument: Any = None) -> Attempt:
    """On a model call that was given a conversation with these questions."""
    messages: list[Any] = []
    for question in questions:
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": "Hm."}]
    span = llm_span(questions[-1], "Hm.", input_messages=messages[:-1])
    return asyncio.run(run_scorer(no_repeated_questions(argument), Subject(span=span, trace=(span,))))


def test_a_question_that_comes_again_fails() -> None:
    """Also in slightly other words; which turns is said."""
    made = attempt("Can I return the laptop?", "I have the receipt here", "So can I return the laptop?")
    assert made.passed is False
    assert made.score is not None
    assert made.score.explanation == "turn 3 asks what turn 1 asked: 'So can I return the laptop?'"
    assert attempt("Can I return the laptop?", "So can I return the laptop?", argument=0.99).passed is True


def test_new_questions_and_short_words_pass() -> None:
    """A yes may come twice."""
    assert attempt("Can I return the laptop?", "Yes.", "How long does it take?", "Yes.").passed is True


def test_the_same_question_without_spaces_fails() -> None:
    """Chinese; thanks may come again."""
    again = "订单号是一二三四五六，请帮我马上处理退款，谢谢"
    assert attempt("我要退款", again, again).passed is False
    assert attempt("我要退款", "谢谢您", "谢谢您").passed is True


def test_one_question_says_nothing() -> None:
    """There was none before it."""
    assert attempt("Can I return the laptop?").outcome is Outcome.NOT_APPLICABLE


def test_a_wrong_argument_is_one_line() -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^no_repeated_questions: .*its fields are at_least, min_words$"):
        no_repeated_questions("often")
