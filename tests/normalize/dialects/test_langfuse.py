"""Langfuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


@pytest.mark.parametrize("emitter", ["langfuse_anthropic", "langfuse_openai"])
def test_a_generation_is_a_whole_call(sent: Sent, emitter: str) -> None:
    """Request and answer of the API become instructions, messages, calls and results."""
    asked, answered = sent(emitter, "tools").rows()
    assert (asked["dialect"], asked["kind"]) == ("langfuse", "llm")
    assert "support agent" in asked["system_instructions"]
    parts = json.loads(asked["output_messages"])[0]["parts"]
    assert [part["arguments"] for part in parts[1:]] == [{"order_id": "A-1719"}, {"topic": "Rückgabe", "limit": 3}]
    said = [part for message in json.loads(answered["input_messages"]) for part in message["parts"]]
    assert [part["id"] for part in said if part["type"] == "tool_call_response"] == [part["id"] for part in parts[1:]]


@pytest.mark.parametrize("emitter", ["langfuse_anthropic", "langfuse_openai"])
def test_the_cache_is_part_of_the_input(sent: Sent, emitter: str) -> None:
    """Buckets that do not overlap, and OpenAI's own counts, give the same sum."""
    (row,) = sent(emitter, "cached").rows()
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (1752, 105, 1024)


def test_buckets_of_the_langchain_handler_are_added_up(row_of: RowOf) -> None:
    """`output` is without what was reasoned, `input` without what came from the cache."""
    counts = {"input": 5, "output": 7, "input_cache_read": 11, "output_reasoning": 13, "total": 36}
    row = row_of({"langfuse.observation.type": "generation", "langfuse.observation.usage_details": json.dumps(counts)})
    found = [row[name] for name in ("input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens")]
    assert found == [16, 20, 11, 13]


def test_the_model_is_the_one_asked_for_until_there_is_an_answer(sent: Sent) -> None:
    """A failed generation names what was asked for."""
    (failed,) = sent("langfuse_openai", "error").rows()
    assert (failed["request_model"], failed["response_model"]) == ("gpt-4.1-mini", None)
    assert (failed["status"], failed["error_code"], failed["cost_usd"]) == ("error", "500", None)


def test_a_retriever_gives_documents(sent: Sent) -> None:
    """Query, ids, scores, texts."""
    found = next(row for row in sent("langfuse_openai", "retrieval").rows() if row["kind"] == "retrieval")
    assert found["input_text"] == "return window for laptops"
    assert [(one["id"], one["score"]) for one in json.loads(found["documents"])] == [
        ("policy-12", 0.9137),
        ("policy-31", 0.4421),
    ]


def test_a_tool_and_a_level_are_read(row_of: RowOf) -> None:
    """A tool is named after its span; level ERROR is a failure even where the status is unset."""
    row = row_of(
        {
            "langfuse.observation.type": "tool",
            "langfuse.observation.input": '{"n": 1}',
            "langfuse.observation.output": '"two"',
            "langfuse.observation.level": "ERROR",
            "langfuse.observation.status_message": "broke",
            "langfuse.observation.prompt.name": "p",
            "langfuse.observation.prompt.version": 7,
        },
        name="adder",
    )
    assert (row["kind"], row["tool_name"], row["tool_arguments"], row["tool_result"]) == (
        "tool",
        "adder",
        '{"n": 1}',
        '"two"',
    )
    assert (row["status"], row["status_message"], row["prompt_name"], row["prompt_version"]) == (
        "error",
        "broke",
        "p",
        "7",
    )


def test_an_embedding_has_its_model_and_no_output_of_nothing(row_of: Callable[..., SpanRow]) -> None:
    """What was not counted is unknown, not zero."""
    name = "langfuse.observation."
    row = row_of({f"{name}type": "embedding", f"{name}model.name": "e", f"{name}usage_details": '{"input": 7}'})
    assert (row["kind"], row["request_model"], row["input_tokens"], row["output_tokens"]) == ("embedding", "e", 7, None)


def test_environment_and_release_of_the_span_fill_what_the_resource_leaves_open(row_of: RowOf) -> None:
    """The resource comes first."""
    sent = {"langfuse.observation.type": "span", "langfuse.environment": "prod", "langfuse.release": "1.2"}
    row = row_of(sent)
    assert (row["environment"], row["service_version"]) == ("prod", "1.2")
    row = row_of(sent, resource={"deployment.environment": "eu", "service.version": "7"})
    assert (row["environment"], row["service_version"]) == ("eu", "7")


def test_a_cost_without_a_total_is_the_sum_of_its_parts(row_of: RowOf) -> None:
    """A total that was sent wins; nothing in all says that the price was not known."""
    for sent, cost in (
        ({"input": 0.5, "output": 0.25}, 0.75),
        ({"input": 0.5, "total": 0.6}, 0.6),
        ({"input": 0}, None),
    ):
        row = row_of({"langfuse.observation.type": "generation", "langfuse.observation.cost_details": json.dumps(sent)})
        assert row["cost_usd"] == cost


def test_the_default_type_leaves_the_kind_to_others(row_of: RowOf) -> None:
    """`span` is what the SDK says of anything: a model call of another instrumentation stays one."""
    sent = {"langfuse.observation.type": "span"}
    assert row_of(sent)["kind"] == "chain"
    assert row_of({**sent, "gen_ai.operation.name": "chat"})["kind"] == "llm"


def test_buckets_by_other_names_count(row_of: RowOf) -> None:
    """They do not overlap; times that a cache is kept for are writes to it."""
    for counts, found in (
        ({"input": 211, "input_cache_read": 1024, "input_cache_creation": 0, "input_ephemeral_5m_input_tokens": 517,
          "output": 89, "total": 1841}, [1752, 89, 517]),
        ({"input": 100, "input_audio": 120, "output": 50, "output_audio": 80, "total": 350}, [220, 130, None]),
    ):  # fmt: skip
        sent = {"langfuse.observation.usage_details": json.dumps(counts)}
        row = row_of({"langfuse.observation.type": "generation", **sent})
        assert [row[name] for name in ("input_tokens", "output_tokens", "cache_write_tokens")] == found


def test_tools_offered_among_the_messages_are_no_results(row_of: RowOf) -> None:
    """Its handler for LangChain appends each definition as a message of a tool."""
    tool = {"type": "function", "function": {"name": "w", "description": "d", "parameters": {"type": "object"}}}
    said = [{"role": "user", "content": "hi"}, {"role": "tool", "content": tool}]
    row = row_of({"langfuse.observation.type": "generation", "langfuse.observation.input": json.dumps(said)})
    assert [message["role"] for message in json.loads(row["input_messages"])] == ["user"]
    assert json.loads(row["tool_definitions"])[0]["name"] == "w"
    result = [{"role": "tool", "tool_call_id": "c", "content": "12 days"}]
    row = row_of({"langfuse.observation.type": "generation", "langfuse.observation.input": json.dumps(result)})
    assert json.loads(row["input_messages"])[0]["parts"][0]["response"] == "12 days"
