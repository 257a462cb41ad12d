"""`tools_ran`: every tool that was asked for was run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, ToolCall
from otel_i2e.score.checks.tools_ran import tools_ran
from otel_i2e.testing import agent_span, llm_span, tool_span, trace_of

Try = Callable[..., Attempt]


ASKED = llm_span(tool_calls=[ToolCall(id="1", name="look", arguments={})])


def test_asked_for_and_never_run_fails(attempt: Try) -> None:
    """A tool span with the call's id, or its name, is a run."""
    made = attempt(tools_ran(), trace=trace_of(agent_span(), ASKED))
    assert made.passed is False
    assert made.score is not None
    assert made.score.explanation == "never run: look"
    ran = trace_of(agent_span(), ASKED, tool_span("look", {}, "ok", tool_call_id="1"))
    assert attempt(tools_ran(), trace=ran).passed is True


def test_a_failed_run_fails_unless_let_through(attempt: Try) -> None:
    """An error is no answer."""
    failed = trace_of(agent_span(), ASKED, tool_span("look", {}, None, tool_call_id="1", status="error"))
    assert attempt(tools_ran({}), trace=failed).passed is False
    assert attempt(tools_ran({"errors": True}), trace=failed).passed is True


def test_nothing_asked_for_says_nothing(attempt: Try) -> None:
    """Not a pass."""
    assert attempt(tools_ran(), trace=trace_of(agent_span(), llm_span())).outcome is Outcome.NOT_APPLICABLE
    wrong: Any = {"failures": 1}
    with pytest.raises(ScorerError, match=r"^tools_ran: failures"):
        tools_ran(wrong)
