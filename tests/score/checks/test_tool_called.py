"""`tool_called`: a tool was called with these arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, ToolCall
from otel_i2e.score.checks.tool_called import tool_called
from otel_i2e.testing import agent_span, llm_span, tool_span, trace_of

Try = Callable[..., Attempt]
ARGUMENTS = {"order": {"id": "A-17", "year": 2026}, "full": True, "tags": ["a", "b"]}
RAN = trace_of(agent_span(), tool_span("look_up", ARGUMENTS))
ASKED = trace_of(
    agent_span(), llm_span(output=None, tool_calls=[ToolCall(id="t1", name="look_up", arguments=ARGUMENTS)])
)


@pytest.mark.parametrize("trace", [RAN, ASKED])
@pytest.mark.parametrize(
    ("argument", "passes"),
    [
        ("look_up", True),
        ("refund", False),
        ({"name": "look_up", "arguments": {"full": True}}, True),
        ({"name": "look_up", "arguments": {"order": {"id": "A-17"}}}, True),
        ({"name": "look_up", "arguments": {"order": {"id": "A-18"}}}, False),
        ({"name": "look_up", "arguments": {"tags": ["a"]}}, False),
        ({"name": "look_up", "arguments": {"full": 1}}, False),
        ({"name": "look_up", "arguments": {"amount": 3}}, False),
        ({"name": "look_up", "arguments": {}}, True),
    ],
)
def test_asked_for_or_run_with_at_least_these_arguments(attempt: Try, trace: Any, argument: Any, passes: bool) -> None:
    """Objects are compared field by field, everything else whole."""
    assert attempt(tool_called(argument), trace=trace).passed is passes


def test_explanation_tells_what_was_called(attempt: Try) -> None:
    """Another tool, or other arguments."""
    for argument, said in (("refund", "called were: look_up"), ({"name": "look_up", "arguments": {"a": 1}}, "A-17")):
        score = attempt(tool_called(argument), trace=RAN).score
        assert score is not None
        assert said in (score.explanation or "")


def test_arguments_that_are_no_object_have_no_fields(attempt: Try) -> None:
    """A call whose arguments were not valid JSON."""
    spans = trace_of(agent_span(), tool_span("look_up", "{broken"))
    assert attempt(tool_called("look_up"), trace=spans).passed is True
    assert attempt(tool_called({"name": "look_up", "arguments": {"a": 1}}), trace=spans).passed is False


def test_a_trace_without_content_cannot_say(attempt: Try) -> None:
    """Neither that it was called nor that it was not."""
    assert attempt(tool_called("x"), trace=trace_of(agent_span(), llm_span(None, None))).outcome is Outcome.NO_CONTENT


@pytest.mark.parametrize(
    "argument", ["", {"arguments": {}}, {"name": "a", "args": {}}, {"name": "a", "arguments": "x"}]
)
def test_a_wrong_argument_is_one_line(argument: Any) -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^tool_called: .*its fields are name, arguments$"):
        tool_called(argument)


def test_a_trace_of_an_application_that_records_nothing_shows_nothing(attempt: Try) -> None:
    """Neither that it was called nor that it was not."""
    made = attempt(tool_called("look_up"), trace=trace_of(agent_span()))
    assert (made.outcome, made.passed) == (Outcome.NO_CONTENT, None)
