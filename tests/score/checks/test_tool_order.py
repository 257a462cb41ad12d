"""`tool_order`: these tools were called in this order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, ToolCall
from otel_i2e.score.checks.tool_order import tool_order
from otel_i2e.testing import agent_span, llm_span, trace_of

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("called", "passes"),
    [
        (["look", "check", "refund"], True),
        (["refund", "look"], False),
        (["look", "refund", "look"], True),
        (["refund"], False),
        ([], False),
    ],
)
def test_others_may_stand_between(attempt: Try, called: list[str], passes: bool) -> None:
    """Only the order of those that are named counts."""
    spans = trace_of(agent_span(), llm_span(tool_calls=[ToolCall(id=str(n), name=x) for n, x in enumerate(called)]))
    made = attempt(tool_order(["look", "refund"]), trace=spans)
    assert (made.outcome, made.passed) == (Outcome.SCORED, passes)


def test_one_tool_has_no_order() -> None:
    """Two at least."""
    with pytest.raises(ScorerError, match=r"^tool_order: names"):
        tool_order(["look"])


def test_title_names_the_order() -> None:
    """As a person reads it."""
    title: Any = tool_order(["a", "b"]).name
    assert title == "tool_order a → b"
