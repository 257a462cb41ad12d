"""`tool_arguments`: every call has arguments that the tool's schema allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, ToolCall
from otel_i2e.score.checks.tool_arguments import tool_arguments
from otel_i2e.testing import agent_span, llm_span, trace_of

Try = Callable[..., Attempt]


SCHEMA: Any = {"type": "object", "required": ["order"], "properties": {"order": {"type": "string"}}}


def calls(arguments: Any, name: str = "look", **columns: Any) -> Any:
    """An application whose model asked for one tool."""
    return trace_of(agent_span(), llm_span(tool_calls=[ToolCall(id="1", name=name, arguments=arguments)], **columns))


@pytest.mark.parametrize("key", ["parameters", "input_schema"])
@pytest.mark.parametrize(
    ("arguments", "passes"), [({"order": "A"}, True), ({"order": 1}, False), ({}, False), ("{", False)]
)
def test_the_recorded_definition_decides(attempt: Try, key: str, arguments: Any, passes: bool) -> None:
    """As OpenTelemetry or Anthropic write it; arguments that are no JSON are none."""
    spans = calls(arguments, tool_definitions=[{"name": "look", key: SCHEMA}])
    assert attempt(tool_arguments(), trace=spans).passed is passes


def test_an_invented_tool_fails(attempt: Try) -> None:
    """It is in no definition."""
    made = attempt(
        tool_arguments(), trace=calls({}, "lookup", tool_definitions=[{"name": "look", "parameters": SCHEMA}])
    )
    assert made.passed is False
    assert made.score is not None
    assert made.score.explanation == "there is no tool lookup"


def test_a_tool_that_is_offered_without_a_schema_may_be_called(attempt: Try) -> None:
    """As those are that the provider runs."""
    offered = [{"name": "look", "parameters": SCHEMA}, {"type": "web_search_20250305", "name": "web_search"}]
    assert attempt(tool_arguments(), trace=calls({"q": 1}, "web_search", tool_definitions=offered)).passed is True


def test_without_definitions_nothing_is_known(attempt: Try) -> None:
    """Unless the check brings them; without a call there is nothing to say."""
    assert attempt(tool_arguments(), trace=calls({})).outcome is Outcome.NO_CONTENT
    assert attempt(tool_arguments({"tools": {"look": SCHEMA}}), trace=calls({})).passed is False
    assert attempt(tool_arguments({}), trace=trace_of(agent_span(), llm_span())).outcome is Outcome.NOT_APPLICABLE
    with pytest.raises(ScorerError, match=r"^tool_arguments: tools"):
        tool_arguments("look")
