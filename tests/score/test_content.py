"""What was not recorded is not scored as if it were empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import Attempt, Case, Outcome
from otel_i2e.score import scorer
from otel_i2e.testing import agent_span, llm_span, retrieval_span, tool_span, trace_of

Try = Callable[..., Attempt]


def needing(name: str) -> Any:
    """A scorer that passes whatever it is given, if it is given `name`."""
    space: dict[str, Any] = {}
    exec(f"def check({name}): return True", space)  # the parameter's name is the test's input
    return scorer(space["check"])


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("input", {"input_text": None}),
        ("messages", {"input_messages": None}),
        ("output", {"output_text": None}),
        ("documents", {}),
        ("tool_calls", {"content_state": "missing"}),
        ("tool_calls", {"content_state": "redacted"}),
        ("usage", {"kind": "tool"}),
        ("duration_ms", {"duration_ms": 0.0, "end_time": None}),
    ],
)
def test_missing_content_has_an_outcome_of_its_own(attempt: Try, name: str, columns: dict[str, Any]) -> None:
    """With a reason; the scorer is not called."""
    tried = attempt(needing(name), **columns) if name != "duration_ms" else _without_duration(attempt)
    assert (tried.outcome, tried.score, tried.passed) == (Outcome.NO_CONTENT, None, None)
    assert tried.error


def _without_duration(attempt: Try) -> Attempt:
    return attempt(needing("duration_ms"), trace=(llm_span().model_copy(update={"duration_ms": None}),))


@pytest.mark.parametrize("name", ["case", "expected"])
def test_outside_an_evaluation_expectations_do_not_apply(attempt: Try, name: str) -> None:
    """Online there is no case: nothing is missing, there is nothing to say."""
    assert attempt(needing(name)).outcome is Outcome.NOT_APPLICABLE


def test_a_case_without_expectation_has_nothing_to_compare(attempt: Try) -> None:
    """`expected` absent is not an expectation of nothing."""
    assert attempt(needing("expected"), case=Case(id="c", input="q")).outcome is Outcome.NOT_APPLICABLE
    assert attempt(needing("expected"), case=Case(id="c", input="q", expected="")).outcome is Outcome.SCORED


def test_recorded_emptiness_is_content(attempt: Try) -> None:
    """An empty answer, a retrieval that found nothing, a trace without tool calls are facts."""
    assert attempt(needing("output"), "").outcome is Outcome.SCORED
    empty = trace_of(agent_span(), retrieval_span("q", []))
    assert attempt(needing("documents"), trace=empty).outcome is Outcome.SCORED
    assert attempt(needing("tool_calls"), trace=trace_of(agent_span(), llm_span())).outcome is Outcome.SCORED


def test_one_unseen_model_call_makes_tool_calls_unknown(attempt: Try) -> None:
    """That a tool was not called cannot be said when a call's content was not recorded."""
    spans = trace_of(agent_span(), tool_span("look"), llm_span(None, None))
    tried = attempt(needing("tool_calls"), trace=spans)
    assert tried.outcome is Outcome.NO_CONTENT
    assert spans[2].span_id in (tried.error or "")


@pytest.mark.parametrize("name", ["output", "documents", "expected", "case"])
def test_a_parameter_with_a_default_may_be_missing(attempt: Try, name: str) -> None:
    """The scorer has said that it can do without."""
    tried = attempt(needing(f"duration_ms, {name}=None"), None)
    assert tried.outcome is Outcome.SCORED
