"""MLflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawEvent, duplicate_links

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


@pytest.mark.parametrize(("emitter", "provider"), [("mlflow_anthropic", "anthropic"), ("mlflow_openai", "openai")])
def test_a_call_is_whole(sent: Sent, emitter: str, provider: str) -> None:
    """Every value is JSON text; both APIs give the same columns."""
    (row,) = sent(emitter, "cached").rows()
    assert (row["dialect"], row["kind"], row["provider"]) == ("mlflow", "llm", provider)
    assert row["request_model"] != row["response_model"]
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (1752, 105, 1024)
    assert "support agent" in row["system_instructions"]
    assert row["output_text"] == "No, the cached policy says 30 days."
    assert row["response_id"]
    assert row["finish_reasons"]


def test_calls_of_a_stream_come_from_its_chunks(sent: Sent) -> None:
    """The output of a streamed span leaves its tool calls out; the chunks have them in pieces."""
    asked = sent("mlflow_openai", "stream_tools").rows()[0]
    text, call = json.loads(asked["output_messages"])[0]["parts"]
    assert (text["content"], call["name"], call["arguments"]) == (
        "I will look up both.",
        "get_order",
        {"order_id": "A-1719"},
    )
    assert (call["id"], asked["finish_reasons"]) == ("call_01OrderStreamTools", ["tool_calls"])


def test_chunks_of_another_shape_say_nothing(row_of: RowOf) -> None:
    """A chunk is whatever the application streamed."""
    values = ["x", "null", '{"choices": 1}', '{"choices": [1, {"delta": {"tool_calls": [1]}}]}']
    events = [RawEvent("mlflow.chunk.item.0", 0, {"mlflow.chunk.value": value}) for value in values]
    row = row_of({"mlflow.spanType": '"LLM"', "mlflow.spanOutputs": '"hi"'}, events=events)
    assert row["kind"] == "llm"


def test_documents_have_the_score_of_their_metadata(sent: Sent) -> None:
    """A retriever gives LangChain's documents."""
    found = next(row for row in sent("mlflow_openai", "retrieval").rows() if row["kind"] == "retrieval")
    first = json.loads(found["documents"])[0]
    assert (found["input_text"], first["id"], first["score"]) == ("return window for laptops", "policy-12", 0.9137)


def test_a_tool_is_named_after_its_function(row_of: RowOf) -> None:
    """Arguments and result are inputs and outputs."""
    sent = {"mlflow.spanType": '"TOOL"', "mlflow.spanFunctionName": '"add"', "mlflow.spanInputs": '{"n": 1}'}
    row = row_of({**sent, "mlflow.spanOutputs": '"two"', "mlflow.llm.cost": '{"total_cost": 0.5}'})
    found = [row[name] for name in ("kind", "tool_name", "tool_arguments", "tool_result", "cost_usd")]
    assert found == ["tool", "add", '{"n":1}', '"two"', 0.5]


def test_an_embedding_has_model_text_and_count(row_of: Callable[..., SpanRow]) -> None:
    """The request and the answer of the API; the vectors are no text."""
    row = row_of(
        {
            "mlflow.spanType": '"EMBEDDING"',
            "mlflow.spanInputs": '{"input": "hallo", "model": "e"}',
            "mlflow.spanOutputs": '{"data": [{"embedding": [0.1]}], "model": "e-1", "usage": {"prompt_tokens": 7}}',
        }
    )
    assert (row["kind"], row["request_model"], row["response_model"]) == ("embedding", "e", "e-1")
    assert (row["input_text"], row["output_text"], row["input_tokens"]) == ("hallo", None, 7)


def test_a_stream_without_output_is_put_together(row_of: RowOf) -> None:
    """One that was left early has only its chunks."""
    chunks: list[dict[str, Any]] = [
        {"id": "c1", "model": "gpt-4o-1", "choices": [{"index": 0, "delta": {"content": "Hel"}}]},
        {"id": "c1", "model": "gpt-4o-1", "choices": [{"index": 0, "delta": {"content": "lo"}}]},
        {"id": "c1", "model": "gpt-4o-1", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}},
    ]
    events = [
        RawEvent(f"mlflow.chunk.item.{place}", place, {"mlflow.chunk.value": json.dumps(chunk)})
        for place, chunk in enumerate(chunks)
    ]
    sent = {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanInputs": '{"model": "gpt-4o", "messages": []}'}
    row = row_of(sent, events=events)
    assert (row["output_text"], row["response_id"], row["response_model"]) == ("Hello", "c1", "gpt-4o-1")
    assert (row["input_tokens"], row["output_tokens"]) == (5, 3)
    whole = row_of({**sent, "mlflow.spanOutputs": '"Hello, all of it"'}, events=events)
    assert whole["output_text"] == "Hello, all of it"


def test_arguments_that_were_not_given_are_no_parameters(row_of: RowOf) -> None:
    """The OpenAI Agents SDK passes every argument, most of them as an object that says nothing."""
    omitted = "<openai.Omit object at 0x7f9ac453f950>"
    given = {
        "model": "m",
        "input": "hi",
        "instructions": omitted,
        "temperature": omitted,
        "stop": omitted,
        "top_p": 0.5,
    }
    row = row_of({"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanInputs": json.dumps(given)})
    assert (row["request_model"], row["request_params"]) == ("m", '{"top_p":0.5}')
    assert (row["system_instructions"], row["input_text"]) == (None, "hi")


def test_litellm_tells_model_and_price_by_themselves(row_of: RowOf) -> None:
    """They are neither in the request nor under MLflow's names."""
    known = {"litellm_call_id": '"c"', "call_type": '"completion"', "model": '"gpt-5-mini"', "response_cost": "0.25"}
    sent = {"mlflow.spanType": '"LLM"', "mlflow.spanInputs": '{"messages": [{"role": "user", "content": "hi"}]}'}
    row = row_of({**sent, **known})
    assert (row["request_model"], row["cost_usd"], row["input_text"]) == ("gpt-5-mini", 0.25, "hi")


def test_parameters_of_langchain_stand_beside_its_messages(row_of: RowOf) -> None:
    """`_type` is LangChain's own."""
    chosen = '{"model": "m", "model_name": "m", "max_completion_tokens": 77, "_type": "openai-chat", "stop": null}'
    row = row_of({"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanInputs": "[]", "invocation_params": chosen})
    assert row["request_params"] == '{"max_tokens":77}'


AGENTS: dict[str, Any] = {
    "mlflow.spanType": '"CHAT_MODEL"',
    "mlflow.message.format": '"openai-agent"',
    "mlflow.spanInputs": '[{"content": "weather?", "role": "user"}]',
    "mlflow.spanOutputs": json.dumps(
        [
            {"arguments": '{"city": "Oslo"}', "call_id": "call_1", "name": "get_weather", "type": "function_call"},
            {"arguments": '{"city": "Rome"}', "call_id": "call_2", "name": "get_weather", "type": "function_call"},
        ]
    ),
    "id": '"resp_1"',
    "object": '"response"',
    "model": '"gpt-5-mini"',
    "instructions": '"be kind"',
    "incomplete_details": "null",
    "temperature": "null",
    "usage": '{"input_tokens": 24, "input_tokens_details": {"cached_tokens": 3}, "output_tokens": 41, '
    '"output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 65}',
}
"""As `mlflow.openai.autolog()` has it of the Agents SDK: all fields of the response but its output are attributes."""


def test_a_response_of_the_agents_sdk_is_whole(row_of: RowOf) -> None:
    """The format of the messages is no provider; instructions are no message of a person."""
    row = row_of(AGENTS)
    assert (row["provider"], row["response_id"], row["response_model"]) == (None, "resp_1", "gpt-5-mini")
    assert (row["input_tokens"], row["output_tokens"]) == (24, 41)
    assert (row["cache_read_tokens"], row["reasoning_tokens"]) == (3, 5)
    assert "be kind" in row["system_instructions"]
    assert (row["input_text"], row["request_params"]) == ("weather?", None)
    (message,) = json.loads(row["output_messages"])
    assert [part["id"] for part in message["parts"]] == ["call_1", "call_2"]


def test_the_agents_sdk_and_the_client_below_it_saw_one_call(row_of: RowOf) -> None:
    """One line, `mlflow.openai.autolog()`, traces both; without the answer too, as of a run that was stopped."""
    below = {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.message.format": '"openai"', "mlflow.llm.model": '"gpt-5-mini"'}
    below |= {
        "mlflow.spanInputs": '{"model": "gpt-5-mini", "input": [{"content": "weather?", "role": "user"}]}',
        "mlflow.spanOutputs": '{"object": "response", "id": "resp_1", "model": "gpt-5-mini", "output": []}',
        "mlflow.chat.tokenUsage": '{"input_tokens": 24, "output_tokens": 41}',
    }
    inner = row_of(below, span_id="b" * 16, parent_span_id="a" * 16)
    unanswered = {name: value for name, value in AGENTS.items() if name.startswith("mlflow.") and "Outputs" not in name}
    for told in (AGENTS, unanswered):
        assert len(duplicate_links([row_of(told, span_id="a" * 16), inner])) == 1


def test_calls_of_pydantic_ai_are_whole(sent: Sent) -> None:
    """Its own messages, by the kind of their parts; the agent's answer out of all that it knows."""
    rows = sent("mlflow_pydantic_ai", "tools").rows()
    asked, answered = (row for row in rows if row["kind"] == "llm")
    assert "support agent" in asked["system_instructions"]
    assert {tool["name"] for tool in json.loads(asked["tool_definitions"])} == {"get_order", "search_policy"}
    assert [part["type"] for part in json.loads(asked["output_messages"])[0]["parts"]] == [
        "text",
        "tool_call",
        "tool_call",
    ]
    assert [part["type"] for part in json.loads(answered["input_messages"])[-1]["parts"]] == ["tool_call_response"] * 2
    assert answered["response_id"].startswith("chatcmpl-")
    assert answered["finish_reasons"] == ["stop"]
    assert {row["output_text"] for row in rows if row["kind"] == "agent"} == {answered["output_text"]}
    (seen,) = (row for row in sent("mlflow_pydantic_ai", "image").rows() if row["kind"] == "llm")
    text, image = json.loads(seen["input_messages"])[0]["parts"]
    assert (text["type"], image["mime_type"], image["bytes"]) == ("text", "image/png", 242)
