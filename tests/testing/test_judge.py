"""The scripted judge."""

from __future__ import annotations

import asyncio

import pytest

from otel_i2e.errors import JudgeError
from otel_i2e.models import Judge, JudgePrompt, JudgeQuestion
from otel_i2e.testing import ScriptedJudge

PROMPT = JudgePrompt(
    name="grounded",
    choices={"yes": 1.0, "no": 0.0},
    fields=("output",),
    model="claude-sonnet-5-5",
    max_tokens=100,
    text="Is it grounded?",
    path="grounded.md",
)


def ask(judge: Judge, output: str = "30 days") -> str:
    """The choice that `judge` makes."""
    question = JudgeQuestion(prompt=PROMPT, shown={"output": output})
    return asyncio.run(judge.ask(question)).choice


def test_says_one_thing_or_things_in_order_or_what_a_function_says() -> None:
    """The three kinds of script."""
    assert ask(ScriptedJudge("yes")) == "yes"
    in_order = ScriptedJudge(["yes", "no"])
    assert [ask(in_order), ask(in_order)] == ["yes", "no"]
    reading = ScriptedJudge(lambda question: "yes" if "30" in question.shown["output"] else "no")
    assert [ask(reading, "30 days"), ask(reading, "120 days")] == ["yes", "no"]
    assert [question.shown["output"] for question in reading.questions] == ["30 days", "120 days"]


def test_what_was_not_offered_is_no_verdict() -> None:
    """A choice outside the prompt's, and an ended script, raise as a real judge does."""
    with pytest.raises(JudgeError, match=r"'maybe' is not a choice of prompt 'grounded': yes, no"):
        ask(ScriptedJudge("maybe"))
    with pytest.raises(JudgeError, match="the script has ended: question 1"):
        ask(ScriptedJudge([]))
