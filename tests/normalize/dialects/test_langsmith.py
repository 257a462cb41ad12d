"""LangSmith's OpenTelemetry export."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


def test_a_chat_model_of_langchain_is_a_whole_call(sent: Sent) -> None:
    """Constructed messages and results become messages, calls, results, ids and counts."""
    rows = sent("langsmith_langchain", "tools").rows()
    asked, answered = (row for row in rows if row["kind"] == "llm")
    assert (asked["dialect"], asked["provider"], asked["finish_reasons"]) == ("langsmith", "openai", ["tool_calls"])
    assert asked["response_model"] == "gpt-4.1-mini-2026-04-14"
    assert asked["response_id"].startswith("chatcmpl-")
    calls = json.loads(asked["output_messages"])[0]["parts"][1:]
    assert [call["arguments"] for call in calls] == [{"order_id": "A-1719"}, {"topic": "Rückgabe", "limit": 3}]
    said = json.loads(answered["input_messages"])
    assert [message["role"] for message in said] == ["user", "assistant", "tool", "tool"]


def test_a_tool_run_is_unwrapped(sent: Sent) -> None:
    """The result is the content of the message that LangChain puts around it."""
    run = next(row for row in sent("langsmith_langchain", "tools").rows() if row["tool_name"] == "get_order")
    assert (run["kind"], json.loads(run["tool_arguments"])) == ("tool", {"order_id": "A-1719"})
    assert json.loads(run["tool_result"])["days_ago"] == 12


def test_a_wrapped_client_has_the_request(sent: Sent) -> None:
    """Parameters, and cache and reasoning counts, from wherever they stand."""
    (row,) = sent("langsmith_openai", "cached").rows()
    assert json.loads(row["request_params"])["max_tokens"] == 321
    assert (row["input_tokens"], row["cache_read_tokens"], row["reasoning_tokens"]) == (1752, 1024, 64)


def test_printed_counts_are_read(row_of: RowOf) -> None:
    """Without metadata the details stand as printed Python."""
    sent = {"langsmith.span.kind": "llm", "gen_ai.usage.input_tokens": 9}
    row = row_of({**sent, "gen_ai.usage.input_token_details": "{'cache_read': 4}", "langsmith.trace.name": "x"})
    assert (row["input_tokens"], row["cache_read_tokens"]) == (9, 4)


def test_prompts_and_chains_are_no_calls(sent: Sent) -> None:
    """A prompt template says `chat`; a chain repeats the usage of its model."""
    rows = sent("langsmith_langchain", "conversation").rows()
    assert [row["kind"] for row in rows] == ["chain", "chain", "llm"]
    assert {(row["conversation_id"], row["user_id"]) for row in rows} == {("conversation-4711", "user-0815")}


def test_documents_are_found_in_both_shapes(sent: Sent) -> None:
    """LangChain's retriever, and a traced function."""
    for emitter in ("langsmith_langchain", "langsmith_openai"):
        found = next(row for row in sent(emitter, "retrieval").rows() if row["kind"] == "retrieval")
        first = json.loads(found["documents"])[0]
        assert (found["input_text"], first["id"], first["score"]) == ("return window for laptops", "policy-12", 0.9137)


def test_its_kind_alone_is_sign_enough(row_of: RowOf) -> None:
    """The scope is that of whatever exported the run, and there may be no metadata."""
    sent = {
        "langsmith.span.kind": "llm",
        "gen_ai.prompt": json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0}),
        "gen_ai.completion": json.dumps({"id": "r", "choices": [{"message": {"role": "assistant", "content": "yo"}}]}),
    }
    row = row_of(sent)
    assert (row["dialect"], row["input_text"], row["output_text"]) == ("langsmith", "hi", "yo")
    assert (row["request_model"], row["response_id"], row["request_params"]) == ("m", "r", '{"temperature":0}')
