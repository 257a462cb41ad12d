"""`no_loops`: no tool was called again and again with the same arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, ToolCall
from otel_i2e.score.checks.no_loops import no_loops
from otel_i2e.testing import agent_span, llm_span, trace_of

Try = Callable[..., Attempt]


def calls(*arguments: Any) -> Any:
    """An application that called one tool with these arguments."""
    made = [ToolCall(id=str(n), name="look", arguments=one) for n, one in enumerate(arguments)]
    return trace_of(agent_span(), llm_span(tool_calls=made))


def test_the_same_call_may_come_twice(attempt: Try) -> None:
    """Other arguments are another call; the order of their names does not matter."""
    assert attempt(no_loops(), trace=calls({"a": 1}, {"a": 1}, {"a": 2}, {"a": 3})).passed is True
    made = attempt(no_loops({}), trace=calls({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 2}))
    assert (made.outcome, made.passed) == (Outcome.SCORED, False)
    assert attempt(no_loops(1), trace=calls({"a": 1}, {"a": 1})).passed is False


def test_a_wrong_limit_is_one_line() -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^no_loops: .*its fields are times$"):
        no_loops(0)


def test_a_trace_of_an_application_that_records_nothing_shows_nothing(attempt: Try) -> None:
    """Its own span alone: neither a pass nor a fail."""
    made = attempt(no_loops(), trace=trace_of(agent_span()))
    assert (made.outcome, made.passed) == (Outcome.NO_CONTENT, None)
    assert "neither a model call nor a tool's run" in (made.error or "")
