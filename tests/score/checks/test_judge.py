"""`judge`: a verdict of a model as a score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Case, Document, JudgePrompt, JudgeQuestion, JudgeVerdict, Outcome
from otel_i2e.score.checks.judge import judge, judge_scorer
from otel_i2e.testing import ScriptedJudge, agent_span, llm_span, retrieval_span, tool_span, trace_of

Try = Callable[..., Attempt]
PROMPT = JudgePrompt(
    name="tone",
    choices={"good": 1.0, "meh": 0.5, "bad": 0.0, "unclear": None},
    fields=("output",),
    optional=("documents", "input", "expected", "messages", "tool_calls"),
    threshold=0.5,
    model="claude-x",
    max_tokens=100,
    text="Is it good?",
    path="judges/tone.md",
)


@pytest.mark.parametrize(("choice", "value", "passed"), [("good", 1.0, True), ("meh", 0.5, True), ("bad", 0.0, False)])
def test_choice_is_the_label_and_its_value_the_score(attempt: Try, choice: str, value: float, passed: bool) -> None:
    """With the judge's words, its model and what it cost."""
    tried = attempt(judge_scorer(PROMPT), judge=ScriptedJudge(choice, reasoning="so", cost_usd=0.002))
    assert tried.score is not None
    assert (tried.score.value, tried.score.label, tried.score.explanation) == (value, choice, "so")
    assert (tried.passed, tried.model, tried.cost_usd) == (passed, "claude-x", 0.002)


def test_a_choice_without_value_is_not_applicable(attempt: Try) -> None:
    """It has been paid for, and says nothing."""
    tried = attempt(judge_scorer(PROMPT), judge=ScriptedJudge("unclear"))
    assert (tried.outcome, tried.score, tried.cost_usd) == (Outcome.NOT_APPLICABLE, None, 0.001)


class Lenient:
    """A judge that gives a verdict of its own making."""

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """A choice that was not offered."""
        return JudgeVerdict(choice="brilliant", model=question.prompt.model, cost_usd=0.5)


@pytest.mark.parametrize(("court", "cost"), [(ScriptedJudge([]), None), (Lenient(), 0.5), (None, None)])
def test_no_verdict_is_an_error(attempt: Try, court: Any, cost: float | None) -> None:
    """A judge that fails, one that invents a choice, and none at all: never a pass, never a fail."""
    tried = attempt(judge_scorer(PROMPT), judge=court)
    assert (tried.outcome, tried.score, tried.passed, tried.cost_usd) == (Outcome.ERROR, None, None, cost)
    assert tried.error


def test_the_judge_is_shown_what_the_prompt_asks_for(attempt: Try) -> None:
    """In order, as text; what was not recorded is left out."""
    court = ScriptedJudge("good")
    messages = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}, {"type": "image", "uri": "x"}]}]
    root = agent_span("q", "a", input_messages=messages)
    document = Document(id="faq", content="30 days.")
    spans = trace_of(
        root, retrieval_span("q", [document, Document(content="No id.")]), tool_span("look", {"a": 1}, "r")
    )
    attempt(judge_scorer(PROMPT), trace=spans, judge=court, case=Case(id="c", input="q", expected={"days": 30}))
    attempt(judge_scorer(PROMPT), trace=(llm_span(None, "b"),), judge=court)
    first, second = (question.shown for question in court.questions)
    assert list(first) == ["output", "documents", "input", "expected", "messages", "tool_calls"]
    assert first["documents"] == "[faq] 30 days.\n\n[2] No id."
    assert first["expected"] == '{\n "days": 30\n}'
    assert first["messages"].startswith("user:\nHi\n{")
    assert '"name": "look"' in first["tool_calls"]
    assert second == {"output": "b", "tool_calls": "(none)"}


def test_a_subject_without_what_the_prompt_needs_is_not_judged(attempt: Try) -> None:
    """No content, no question, no cost."""
    court = ScriptedJudge("good")
    assert attempt(judge_scorer(PROMPT), None, judge=court).outcome is Outcome.NO_CONTENT
    assert court.questions == []


def test_version_is_that_of_the_prompt_and_the_criterion() -> None:
    """Another model, text, threshold or criterion is another scorer."""
    asking = PROMPT.model_copy(update={"fields": ("criterion", "output")})
    versions = [
        judge_scorer(PROMPT).version,
        judge_scorer(PROMPT.model_copy(update={"model": "claude-y"})).version,
        judge_scorer(PROMPT.model_copy(update={"threshold": 1.0})).version,
        judge_scorer(asking, criterion="a").version,
        judge_scorer(asking, criterion="b").version,
    ]
    assert len(set(versions)) == len(versions)
    assert judge_scorer(PROMPT).version == versions[0]


def test_a_judge_is_named_with_its_options() -> None:
    """By name, with another threshold when given."""
    prompts = {"tone": PROMPT}
    assert judge("tone", prompts).threshold == 0.5
    strict = judge({"prompt": "tone", "threshold": 1.0}, prompts)
    with pytest.raises(ScorerError, match=r"^judge 'tone': threshold = -1 lets every choice pass, or none"):
        judge({"prompt": "tone", "threshold": -1}, prompts)
    assert (strict.threshold, strict.name, strict.needs_judge) == (1.0, "judge 'tone'", True)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("mood", "'mood' is no judge prompt; there are tone"),
        ({"name": "tone"}, "its fields are prompt, threshold, criterion"),
        ({"prompt": "tone", "criterion": "x"}, "takes no criterion"),
    ],
)
def test_a_wrong_argument_is_one_line(argument: Any, said: str) -> None:
    """It names the prompts that there are, or the fields."""
    with pytest.raises(ScorerError, match=said):
        judge(argument, {"tone": PROMPT})


def test_a_prompt_that_shows_a_criterion_needs_one() -> None:
    """Named by a rule, `must` alone would judge nothing."""
    asking = PROMPT.model_copy(update={"fields": ("criterion", "output")})
    with pytest.raises(ScorerError, match=r"judge prompt 'tone' \(judges/tone.md\) needs a criterion"):
        judge_scorer(asking)
