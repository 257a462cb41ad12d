"""What a judge is shown of a subject."""

from __future__ import annotations

from otel_i2e.models import Subject, ToolCall
from otel_i2e.score.shown import shown_text
from otel_i2e.testing import agent_span, llm_span, tool_span, trace_of


def test_a_conversation_is_shown_turn_by_turn() -> None:
    """Who said what, the tool calls between, and that a turn failed."""
    asked = llm_span("Where is it?", "raw", tool_calls=[ToolCall(id="1", name="look", arguments={"order": "A-1"})])
    first = trace_of(agent_span("Where is it?", "On its way."), asked, tool_span("look", {}, "sent", tool_call_id="1"))
    second = trace_of(agent_span("When?", None, status="error", status_message="boom"))
    text = shown_text(Subject(span=second[0], trace=second, dialogue=(first, second)), "conversation")
    assert text is not None
    lines = [line.strip(' {},"') for line in text.splitlines()]
    assert lines[:2] == ["turn 1, user:", "Where is it?"]
    assert 'name": "look' in lines
    assert lines[-5:] == ["", "turn 2, user:", "When?", "assistant:", "(the turn failed: boom)"]
    assert text.index("look") < text.index("assistant:\nOn its way.")
