"""`tool_not_called`: none of these tools was called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, ToolCall
from otel_i2e.score.checks.tool_not_called import tool_not_called
from otel_i2e.testing import agent_span, llm_span, trace_of

Try = Callable[..., Attempt]


def calls(*names: str) -> Any:
    """An application that asked for these tools."""
    return trace_of(agent_span(), llm_span(tool_calls=[ToolCall(id=name, name=name) for name in names]))


@pytest.mark.parametrize(
    ("argument", "passes"), [("delete", False), (["look", "delete"], False), ("refund", True), (["refund"], True)]
)
def test_one_of_them_is_enough_to_fail(attempt: Try, argument: Any, passes: bool) -> None:
    """Asked for is called, whether or not it ran."""
    assert attempt(tool_not_called(argument), trace=calls("search", "delete")).passed is passes


def test_calls_that_were_not_recorded_cannot_pass(attempt: Try) -> None:
    """Nor is a list without names taken."""
    hidden = trace_of(agent_span(), llm_span(content_state="missing"))
    assert attempt(tool_not_called("delete"), trace=hidden).outcome is Outcome.NO_CONTENT
    with pytest.raises(ScorerError, match=r"^tool_not_called: "):
        tool_not_called([])


def test_a_trace_of_an_application_that_records_nothing_shows_nothing(attempt: Try) -> None:
    """Its own span alone: neither a pass nor a fail."""
    made = attempt(tool_not_called("delete"), trace=trace_of(agent_span()))
    assert (made.outcome, made.passed) == (Outcome.NO_CONTENT, None)
    assert "neither a model call nor a tool's run" in (made.error or "")
