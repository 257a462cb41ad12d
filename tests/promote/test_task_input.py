"""What a task is given again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_i2e.models import Span
from otel_i2e.promote import conversation_of, entry_of, input_of
from otel_i2e.testing import agent_span, llm_span, retrieval_span, trace_of


def _message(role: str, *parts: str | dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": p} if isinstance(p, str) else p for p in parts]}


CALL: dict[str, Any] = {"type": "tool_call", "id": "c1", "name": "search", "arguments": {}}
RESULT = {"type": "tool_call_response", "id": "c1", "response": "found"}
IMAGE = {"type": "uri", "modality": "image", "uri": "https://example.test/a.png"}


def _call(*messages: dict[str, Any], **columns: Any) -> Span:
    return llm_span(None, "Yes.", input_messages=list(messages), **columns)


def test_one_turn_is_its_text() -> None:
    """The plain question, as a task would be given it."""
    call = llm_span("Can I return it?", "Yes.", system="Be brief.")
    assert input_of(call, [call]) == "Can I return it?"


def test_the_tool_loop_is_not_part_of_the_input() -> None:
    """The release under test calls its own tools again."""
    call = _call(_message("user", "Can I?"), _message("assistant", "Let me see.", CALL), _message("tool", RESULT))
    assert input_of(call, [call]) == "Can I?"


def test_more_than_one_turn_is_a_conversation_that_ends_with_the_user() -> None:
    """Roles and text; the system prompt belongs to the release."""
    call = _call(
        _message("system", "Be brief."),
        _message("user", "Hi"),
        _message("assistant", "Hello!", CALL),
        _message("user", RESULT),
        _message("user", "Can I?"),
        _message("assistant", "Well"),
    )
    assert input_of(call, [call]) == {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Can I?"},
        ]
    }


def test_a_message_that_is_not_all_text_keeps_its_parts() -> None:
    """An image is not silently dropped, even from a single turn."""
    call = _call(_message("user", "What is this?", IMAGE))
    assert input_of(call, [call]) == {"messages": [_message("user", "What is this?", IMAGE)]}


def test_the_entry_wins_over_a_rendered_prompt() -> None:
    """The application was asked the question, not the prompt that it made of it."""
    call = llm_span("Documents: …\nQuestion: Can I?", "Yes.")
    trace = trace_of(agent_span("Can I?", "Yes."), retrieval_span("Can I?", ["30 days"]), call)
    assert input_of(trace[2], trace) == "Can I?"
    assert input_of(trace[1], trace) == "Can I?"


def test_the_entry_is_the_outermost_function_with_an_input() -> None:
    """A server span above it and a helper below it are not what the task will be."""
    server = agent_span(None, None, kind="other")
    entry = agent_span("Can I?", trace_id=server.trace_id, parent_span_id=server.span_id)
    inner = agent_span("rewritten", trace_id=server.trace_id, parent_span_id=entry.span_id, kind="chain")
    call = llm_span("prompt", trace_id=server.trace_id, parent_span_id=inner.span_id)
    found = entry_of(call, [server, entry, inner, call])
    assert found is not None
    assert found.span_id == entry.span_id


def test_a_loop_of_parents_ends() -> None:
    """Broken telemetry does not hang the promotion."""
    one = llm_span("a", span_id="a" * 16, parent_span_id="b" * 16)
    two = llm_span("b", span_id="b" * 16, parent_span_id="a" * 16)
    assert entry_of(one, [one, two]) is None


@pytest.mark.parametrize(
    ("recorded", "given"),
    [
        ('{"question": "Can I?", "tier": 2}', {"question": "Can I?", "tier": 2}),
        ('[{"role": "user", "content": "Hi"}]', {"messages": [{"role": "user", "content": "Hi"}]}),
        ("[1, 2]", "[1, 2]"),
        ("{not json", "{not json"),
        ("plain", "plain"),
    ],
)
def test_a_recorded_object_is_given_as_an_object(recorded: str, given: Any) -> None:
    """Arguments that were recorded as JSON come back as JSON."""
    entry = agent_span(recorded, attributes={"input.mime_type": "application/json"})
    assert input_of(entry, [entry]) == given


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ({"question": "Can I?"}, "Can I?"),
        ({"question": "Can I?", "tier": None}, {"question": "Can I?", "tier": None}),
        ({"conversation": {"messages": []}}, {"messages": []}),
        ({"messages": [{"role": "user", "content": "Hi"}]}, {"messages": [{"role": "user", "content": "Hi"}]}),
        ({"order": 3}, {"order": 3}),
    ],
)
def test_arguments_that_observe_recorded_are_unwrapped(arguments: dict[str, Any], given: Any) -> None:
    """One argument is its value; several are matched by name again."""
    attributes = {"input.mime_type": "application/json"}
    entry = agent_span(json.dumps(arguments), scope_name="otel_i2e", attributes=attributes)
    assert input_of(entry, [entry]) == given


def test_an_entry_that_recorded_messages_is_read_by_them() -> None:
    """An agent framework's own span."""
    entry = agent_span(
        "Can I?", input_messages=[_message("user", "Hi"), _message("assistant", "Yes?"), _message("user", "Can I?")]
    )
    assert input_of(entry, [entry]) == {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "Can I?"},
        ]
    }


def test_text_that_looks_like_json_stays_text() -> None:
    """The recorded type decides."""
    entry = agent_span(json.dumps({"a": 1}), attributes={"input.mime_type": "text/plain"})
    assert input_of(entry, [entry]) == '{"a": 1}'


def test_no_recorded_input_is_none() -> None:
    """Nothing is made up."""
    call = llm_span(None, None)
    assert input_of(call, [call]) is None


def test_a_conversation_without_a_user_is_empty() -> None:
    """There is nothing to answer."""
    assert conversation_of([_message("assistant", "Hello!")]) == []
