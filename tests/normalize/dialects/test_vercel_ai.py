"""Vercel AI SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RawSpanOf = Callable[..., Any]
OLD = ["ai_sdk_5", "ai_sdk_6_anthropic"]


def _of_kind(rows: list[SpanRow], kind: str) -> list[SpanRow]:
    return [row for row in rows if row["kind"] == kind]


@pytest.mark.parametrize("emitter", OLD)
def test_only_the_inner_span_is_a_model_call(sent: Sent, emitter: str) -> None:
    """The wrapper repeats text and usage; it is a chain, and sums over calls do not count it."""
    rows = sent(emitter, "chat").rows()
    assert sorted(row["kind"] for row in rows) == ["chain", "llm"]
    assert {row["dialect"] for row in rows} == {"vercel_ai"}


@pytest.mark.parametrize("emitter", OLD)
def test_tool_calls_results_and_runs_are_read(sent: Sent, emitter: str) -> None:
    """Calls with parsed arguments, every result of the tool message, and the executions with their ids."""
    rows = sent(emitter, "tools").rows()
    asked, answered = _of_kind(rows, "llm")
    assert [part["type"] for part in json.loads(asked["output_messages"])[0]["parts"]] == [
        "text",
        "tool_call",
        "tool_call",
    ]
    results = [
        part["response"]
        for message in json.loads(answered["input_messages"])
        for part in message["parts"]
        if part["type"] == "tool_call_response"
    ]
    assert [sorted(result) for result in results] == [["days_ago", "order_id", "status"], ["limit", "rule", "topic"]]
    runs = _of_kind(rows, "tool")
    assert {row["tool_name"] for row in runs} == {"get_order", "search_policy"}
    assert all(row["tool_call_id"] and row["tool_arguments"] and row["tool_result"] for row in runs)


def test_input_includes_the_cache(sent: Sent) -> None:
    """The provider's own usage tells what the count includes."""
    (row,) = _of_kind(sent("ai_sdk_6_anthropic", "cached").rows(), "llm")
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]) == (1752, 1024, 517)


OWN = {"input_tokens": 5000, "output_tokens": 5, "cache_read_input_tokens": 1024, "cache_creation_input_tokens": 517}
STREAM = {
    "ai.operationId": "ai.streamText.doStream",
    "ai.usage.inputTokens": 5000,
    "ai.usage.outputTokens": 5,
    "ai.usage.cachedInputTokens": 1024,
}


@pytest.mark.parametrize(
    ("beside", "counts"),
    [
        ({"ai.response.providerMetadata": json.dumps({"anthropic": {"usage": OWN}})}, (6541, 1024, 517)),
        (
            {"ai.response.providerMetadata": json.dumps({"anthropic": {"cacheCreationInputTokens": 517}})},
            (6541, 1024, 517),
        ),
        (
            {
                "ai.response.providerMetadata": json.dumps({"anthropic": {"cacheCreationInputTokens": 517}}),
                "ai.usage.inputTokenDetails.cacheReadTokens": 1024,
                "ai.usage.inputTokenDetails.cacheWriteTokens": 517,
            },
            (5000, 1024, 517),
        ),
        ({"ai.response.providerMetadata": json.dumps({"openai": {"responseId": "r"}})}, (5000, 1024, None)),
        (
            {
                "ai.operationId": "ai.streamText",
                "ai.response.providerMetadata": json.dumps({"anthropic": {"usage": {**OWN, "input_tokens": 1}}}),
            },
            (5000, 1024, None),
        ),
    ],
)
def test_what_the_input_includes_is_told_by_the_provider(
    row_of: Callable[..., SpanRow], beside: dict[str, Any], counts: tuple[int | None, ...]
) -> None:
    """Also when more came without the cache than with it; version 6 includes it; a wrapper's are sums of its calls."""
    row = row_of({**STREAM, **beside})
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]) == counts


def test_nonsense_says_nothing(raw_span: RawSpanOf) -> None:
    """Values of the wrong type give no column and no error."""
    from otel_i2e.normalize import normalize_span

    wrong: dict[str, Any] = dict.fromkeys(
        ("ai.prompt.messages", "ai.response.toolCalls", "ai.prompt.tools", "ai.response.providerMetadata"), 7
    )
    row = normalize_span(raw_span({"ai.operationId": "ai.streamText.doStream", **wrong}))
    assert (row["kind"], row["output_messages"], row["input_tokens"]) == ("llm", None, None)


def test_an_embedding_is_counted_once(row_of: Callable[..., SpanRow]) -> None:
    """`ai.embed` repeats the usage of its `.doEmbed`, so it is no call; the vectors are no text."""
    sent = {"ai.model.id": "e", "ai.usage.tokens": 7}
    call = row_of(
        {**sent, "ai.operationId": "ai.embedMany.doEmbed", "ai.values": ['"hallo"', '"du"'], "ai.embeddings": ["[0.1]"]}
    )
    whole = row_of({**sent, "ai.operationId": "ai.embed", "ai.value": '"hallo"', "ai.embedding": "[0.1]"})
    assert (call["kind"], call["input_text"], call["input_tokens"]) == ("embedding", "hallo\ndu", 7)
    assert (whole["kind"], whole["input_text"]) == ("chain", "hallo")


def test_a_tool_s_error_is_told_from_its_result(row_of: Callable[..., SpanRow]) -> None:
    """By the type of the output, or by `isError` of older versions."""
    results: list[dict[str, Any]] = [
        {"output": {"type": "error-text", "value": "boom"}},
        {"output": {"type": "error-json", "value": {"code": 1}}},
        {"result": "boom", "isError": True},
        {"output": {"type": "text", "value": "fine"}},
    ]
    said = [{"type": "tool-result", "toolCallId": "c", "toolName": "f", **result} for result in results]
    asked = json.dumps([{"role": "tool", "content": said}])
    row = row_of({"ai.operationId": "ai.generateText.doGenerate", "ai.prompt.messages": asked})
    (message,) = json.loads(row["input_messages"])
    assert [(part["response"], part.get("is_error")) for part in message["parts"]] == [
        ("boom", True),
        ({"code": 1}, True),
        ("boom", True),
        ("fine", None),
    ]
