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


def test_request_data_with_the_model_alone_is_no_question(row_of: Callable[..., SpanRow]) -> None:
    """As beside pydantic-ai, which has said the messages."""
    said = '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]'
    sent = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": said}
    row = row_of({**sent, "request_data": '{"model": "gpt-5-mini", "temperature": 0}'}, scope_name="logfire.openai")
    assert (row["input_text"], json.loads(row["request_params"])) == ("hi", {"temperature": 0})


AGENTS = ["logfire_agents_chat", "logfire_agents_responses"]


@pytest.mark.parametrize("emitter", AGENTS)
def test_calls_of_openai_agents_have_their_answer(sent: Sent, emitter: str) -> None:
    """`request_data` over Chat Completions ends with the answer: that is no message of the application."""
    rows = sent(emitter, "tools").rows()
    asked, answered = (row for row in rows if row["kind"] == "llm")
    assert [message["role"] for message in json.loads(asked["input_messages"])] == ["user"]
    (said,) = json.loads(asked["output_messages"])
    assert [part["type"] for part in said["parts"]] == ["text", "tool_call", "tool_call"]
    assert json.loads(answered["input_messages"])[-1]["role"] == "tool"
    assert answered["output_text"].startswith("Your order A-1719")
    (cached,) = (row for row in sent(emitter, "cached").rows() if row["kind"] == "llm")
    assert (cached["input_tokens"], cached["cache_read_tokens"], cached["output_tokens"]) == (1752, 1024, 105)


@pytest.mark.parametrize("emitter", AGENTS)
def test_runs_of_openai_agents_have_their_kind(sent: Sent, emitter: str) -> None:
    """The agent, and its tools with arguments and result; the sums of turns and tasks are no usage."""
    rows = sent(emitter, "tools").rows()
    runs = {row["tool_name"]: row for row in rows if row["kind"] == "tool"}
    assert json.loads(runs["get_order"]["tool_arguments"]) == {"order_id": "A-1719"}
    assert json.loads(runs["get_order"]["tool_result"])["order_id"] == "A-1719"
    assert [row["name"] for row in rows if row["kind"] == "agent"] == ["Agent run: {name!r}"]
    assert {row["input_tokens"] for row in rows if row["kind"] in ("chain", "agent")} == {None}


@pytest.mark.parametrize("emitter", AGENTS)
def test_a_failed_call_of_openai_agents_is_a_call(sent: Sent, emitter: str) -> None:
    """It has neither tokens nor an answer; `null` is none."""
    (row,) = (row for row in sent(emitter, "error").rows() if row["kind"] == "llm")
    assert (row["status"], row["output_messages"]) == ("error", None)


def test_responses_of_openai_agents_say_what_tools_there_were(sent: Sent) -> None:
    """The answer repeats the tools; images are in `raw_input` only."""
    asked = next(row for row in sent("logfire_agents_responses", "tools").rows() if row["kind"] == "llm")
    assert {tool["name"] for tool in json.loads(asked["tool_definitions"])} == {"get_order", "search_policy"}
    (seen,) = (row for row in sent("logfire_agents_responses", "image").rows() if row["kind"] == "llm")
    assert [part["type"] for part in json.loads(seen["input_messages"])[-1]["parts"]] == ["text", "blob"]


def test_a_stream_of_openai_agents_has_the_id_of_its_chunks(sent: Sent) -> None:
    """The answer that was put together calls itself `__fake_id__`."""
    (row,) = (row for row in sent("logfire_agents_chat", "stream").rows() if row["kind"] == "llm")
    assert row["response_id"].startswith("chatcmpl-")
    assert row["output_text"]


def test_a_run_of_openai_agents_that_failed_says_why(row_of: RowOf) -> None:
    """The group of the trace is the conversation."""
    error = '{"message":"Error running tool (non-fatal)","data":{"tool_name":"f","error":"no such city"}}'
    run = {"name": "f", "input": "{}", "output": "null", "error": error}
    row = row_of(run, scope_name="logfire.openai_agents", name="Function: {name}", status_code="error")
    assert (row["kind"], row["tool_result"], row["status_message"]) == ("tool", None, "no such city")
    trace = {"name": "Chatty", "group_id": "conv-1", "metadata": "null"}
    row = row_of(trace, scope_name="logfire.openai_agents", name="OpenAI Agents trace: {name}")
    assert (row["kind"], row["conversation_id"]) == ("chain", "conv-1")


def test_a_cut_answer_of_openai_agents_is_marked(row_of: RowOf) -> None:
    """What stood before the cut is kept; an answer that cannot be known is none."""
    call = {"input": "hi", "output": '[{"content":"Grüezi mit', "usage": "null", "model_config": '{"top_p":0.5}'}
    row = row_of(call, scope_name="logfire.openai_agents", name="Chat completion with {gen_ai.request.model!r}")
    assert (row["kind"], row["output_text"], row["content_state"]) == ("llm", "Grüezi mit", "truncated")
    assert row["request_params"] == '{"top_p":0.5}'
    response = '{"id":"resp_1","instructions":"be kind","output":[{"type":"message","role":"assistant","content":[{"te'
    row = row_of({"response": response, "raw_input": "hi"}, scope_name="logfire.openai_agents", name="Responses API")
    assert (row["system_instructions"], row["input_text"]) == ('[{"type":"text","content":"be kind"}]', "hi")
