"""Logfire."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


@pytest.mark.parametrize("emitter", ["logfire_openai_v1", "logfire_openai_v2", "logfire_anthropic_v2"])
def test_the_provider_s_usage_has_the_cache(sent: Sent, emitter: str) -> None:
    """Cache and reasoning counts stand in no other attribute."""
    (row,) = sent(emitter, "cached").rows("logfire")
    assert (row["dialect"], row["input_tokens"], row["cache_read_tokens"]) == ("logfire", 1752, 1024)
    assert row["cache_write_tokens"] == (517 if "anthropic" in emitter else None)


def test_version_1_has_request_and_response(sent: Sent) -> None:
    """`request_data` and `response_data` are the whole call."""
    asked, answered = sent("logfire_openai_v1", "tools").rows()
    assert "support agent" in asked["system_instructions"]
    assert [part["type"] for part in json.loads(asked["output_messages"])[0]["parts"]] == [
        "text",
        "tool_call",
        "tool_call",
    ]
    assert answered["output_text"] == "Your order A-1719 came to Łódź 12 days ago; you may return it."


def test_what_was_said_last_in_the_events_is_the_answer(sent: Sent) -> None:
    """Responses spans of version 1 list events without a choice."""
    asked, answered = sent("logfire_openai_v1", "responses").rows()
    (said,) = json.loads(asked["output_messages"])
    assert [part["type"] for part in said["parts"]] == ["text", "tool_call", "tool_call"]
    assert [message["role"] for message in json.loads(answered["input_messages"])][-2:] == ["tool", "tool"]
    assert answered["output_text"].startswith("Your order A-1719")


def test_baggage_and_listed_parameters(sent: Sent) -> None:
    """Plain `session_id` and `user_id`; stop sequences as JSON text."""
    (row,) = sent("logfire_openai_v2", "conversation").rows()
    assert (row["conversation_id"], row["user_id"]) == ("conversation-4711", "user-0815")
    (row,) = sent("logfire_openai_v2", "chat").rows()
    assert json.loads(row["request_params"])["stop_sequences"] == ["<<END>>"]


def test_a_pending_span_is_no_call(row_of: Callable[..., SpanRow]) -> None:
    """It announces the span of the call, which comes when the call has ended."""
    sent = {"gen_ai.operation.name": "chat", "request_data": '{"messages": [{"role": "user", "content": "hi"}]}'}
    row = row_of({**sent, "logfire.span_type": "pending_span"}, scope_name="logfire.openai")
    assert (row["kind"], row["input_text"]) == ("other", "hi")
