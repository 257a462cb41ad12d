"""The protocol of DeepEval's metrics. The real package is in test_real_packages.py."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Case, Document, Outcome, Subject
from otel_i2e.score import run_scorer
from otel_i2e.score.adapters import adapter_of, from_deepeval
from otel_i2e.testing import agent_span, llm_span


class Metric:
    """As DeepEval has it: it keeps in itself what it said."""

    def __init__(self, *needs: str, score: float | None = 0.75, **state: Any) -> None:
        self.threshold = 0.5
        self.score: float | None = None
        self.reason: str | None = None
        self._says = score
        self._required_params = [SimpleNamespace(value=need) for need in needs]
        self._state = state
        self.seen: list[Any] = []

    async def a_measure(self, test_case: Any, _show_indicator: bool = True) -> None:
        """Say something."""
        assert not _show_indicator
        self.seen.append(test_case)
        self.score, self.reason = self._says, "so it seems"
        vars(self).update(self._state)


class Toxicity(Metric):
    """As DeepEval 3 has it: lower is better."""

    def is_successful(self) -> bool:
        """At most the threshold."""
        return self.score is not None and self.score <= self.threshold


class BaseConversationalMetric(Metric):
    """The same for a conversation."""


@pytest.fixture(autouse=True)
def _test_cases(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """The module with the test cases, as plain values."""
    module = ModuleType("deepeval.test_case")
    for kind in ("LLMTestCase", "ConversationalTestCase", "Turn", "ToolCall"):
        setattr(module, kind, SimpleNamespace)
    monkeypatch.setitem(sys.modules, "deepeval", ModuleType("deepeval"))
    monkeypatch.setitem(sys.modules, "deepeval.test_case", module)


def attempt(metric: Metric, **columns: Any) -> Attempt:
    """On a model call with documents, in a case."""
    span = llm_span("How long?", "30 days", documents=[Document(id="a", content="Returns: 30 days.")], **columns)
    case = Case(id="c", input="How long?", expected="30 days")
    return asyncio.run(run_scorer(from_deepeval(metric), Subject(span=span, trace=(span,), case=case)))


def test_its_score_reason_threshold_model_and_cost_are_ours() -> None:
    """The metric itself stays as it was, so that its identity does."""
    metric = Metric("input", "actual_output", evaluation_model="gpt-5", evaluation_cost=0.25)
    made = attempt(metric)
    assert made.score is not None
    assert (made.score.value, made.score.explanation, made.passed) == (0.75, "so it seems", True)
    assert (made.model, made.cost_usd) == ("gpt-5", 0.25)
    assert metric.score is None
    assert from_deepeval(metric).model is None
    vars(metric)["evaluation_model"] = "gpt-5"  # as theirs have it from the beginning
    assert from_deepeval(metric).model == "gpt-5"
    assert adapter_of(metric) is from_deepeval


@pytest.mark.parametrize(
    ("score", "threshold", "passed"), [(1.0, None, False), (0.0, None, True), (0.25, 0.25, True), (0.5, 0.25, False)]
)
def test_where_lower_is_better_its_verdict_is_not_turned_round(
    score: float, threshold: float | None, passed: bool
) -> None:
    """What is left of 1 is the score, so that higher is better, as everywhere here."""
    ours = from_deepeval(Toxicity("input", score=score, success=passed), threshold=threshold)
    span = llm_span("How long?", "30 days")
    made = asyncio.run(run_scorer(ours, Subject(span=span, trace=(span,), case=Case(id="c", input="How long?"))))
    assert made.score is not None, made.error
    assert (made.score.value, made.passed) == (1 - score, passed)


def test_a_verdict_of_its_own_that_its_threshold_does_not_give_is_an_error() -> None:
    """Neither is believed."""
    made = attempt(Metric("input", score=1.0, success=False))
    assert (made.outcome, made.passed) == (Outcome.ERROR, None)
    assert "the metric says success False" in (made.error or "")


def test_a_test_case_has_what_the_metric_asks_for() -> None:
    """Documents as contexts; what is required must be there."""
    metric = Metric("input", "actual_output", "retrieval_context", "tools_called")
    attempt(metric)
    (case,) = metric.seen
    assert (case.input, case.actual_output, case.expected_output) == ("How long?", "30 days", "30 days")
    assert (case.retrieval_context, case.tools_called) == (["Returns: 30 days."], [])
    assert from_deepeval(metric).required == {"input", "output", "documents", "tool_calls"}


def test_a_conversational_metric_is_given_the_turns() -> None:
    """A user's and an assistant's for each of ours."""
    metric = BaseConversationalMetric("content", "role")
    spans = [agent_span("One", "1"), agent_span("Two", "2")]
    subject = Subject(span=spans[1], dialogue=tuple((span,) for span in spans))
    assert asyncio.run(run_scorer(from_deepeval(metric), subject)).passed is True
    said = [(turn.role, turn.content) for turn in metric.seen[0].turns]
    assert said == [("user", "One"), ("assistant", "1"), ("user", "Two"), ("assistant", "2")]
    assert from_deepeval(metric).needs_conversation


def test_what_it_skips_is_not_applicable_and_what_broke_is_an_error() -> None:
    """Neither is zero."""
    assert attempt(Metric("input", skipped=True)).outcome is Outcome.NOT_APPLICABLE
    assert attempt(Metric("input", score=None)).outcome is Outcome.NOT_APPLICABLE
    made = attempt(Metric("input", error="no key"))
    assert (made.outcome, made.error) == (Outcome.ERROR, "the metric broke: no key")


def test_a_metric_that_needs_what_no_span_has_is_refused() -> None:
    """At once, with its name."""
    with pytest.raises(ScorerError, match="deepeval Metric needs expected_tools, which no span has"):
        from_deepeval(Metric("input", "expected_tools"))
