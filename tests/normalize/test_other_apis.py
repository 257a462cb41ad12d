"""Bedrock's Converse API and Gemini, as instrumentations send their requests and answers whole."""

from __future__ import annotations

from typing import Any

from otel_i2e.normalize.other_apis import plain_answer, plain_request
from otel_i2e.normalize.payloads import answered, asked

_SCHEMA = {"type": "object"}


def test_a_converse_request_is_read() -> None:
    """Model, instructions, messages, tools and parameters have names of their own."""
    tool = {"name": "w", "description": "d", "inputSchema": {"json": _SCHEMA}}
    facts = asked(
        {
            "modelId": "anthropic.x",
            "messages": [{"role": "user", "content": [{"text": "hi"}]}],
            "system": [{"text": "Be brief."}],
            "inferenceConfig": {"maxTokens": 5, "temperature": 0.3},
            "toolConfig": {"tools": [{"toolSpec": tool}, {"cachePoint": {"type": "default"}}]},
        }
    )
    assert (facts["request_model"], facts["request_params"]) == ("anthropic.x", {"max_tokens": 5, "temperature": 0.3})
    assert facts["system_instructions"].value == [{"type": "text", "content": "Be brief."}]
    assert facts["input_messages"].value[0]["parts"] == [{"type": "text", "content": "hi"}]
    assert facts["tool_definitions"].value == [{"name": "w", "description": "d", "parameters": _SCHEMA}]


def test_a_converse_answer_is_read() -> None:
    """Its input is without the cache."""
    content = [{"text": "A"}, {"toolUse": {"toolUseId": "t", "name": "w", "input": {"a": 1}}}]
    usage = {"inputTokens": 10, "outputTokens": 5, "cacheReadInputTokens": 3}
    facts = answered(
        {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "tool_use", "usage": usage}
    )
    assert [part["type"] for part in facts["output_messages"].value[0]["parts"]] == ["text", "tool_call"]
    assert (facts["finish_reasons"], facts["input_tokens"], facts["cache_read_tokens"]) == (["tool_use"], 13, 3)


def test_a_gemini_request_is_read_in_both_spellings() -> None:
    """That of its Python SDK and that of its REST API."""
    declared = {"name": "w", "description": "d", "parameters": _SCHEMA}
    for sent in (
        {
            "config": {
                "system_instruction": "Be brief.",
                "temperature": 0.1,
                "max_output_tokens": 9,
                "tools": [{"function_declarations": [declared]}],
            }
        },
        {
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "generationConfig": {"temperature": 0.1, "maxOutputTokens": 9},
            "tools": [{"functionDeclarations": [declared]}],
        },
    ):
        whole: dict[str, Any] = {"model": "gemini", "contents": "hi", **sent}
        facts = asked(whole)
        assert facts["system_instructions"].value == [{"type": "text", "content": "Be brief."}]
        assert (facts["request_model"], facts["request_params"]) == ("gemini", {"temperature": 0.1, "max_tokens": 9})
        assert facts["tool_definitions"].value == [declared]


def test_a_gemini_answer_is_read() -> None:
    """Thoughts are tokens of the answer."""
    usage = {"prompt_token_count": 10, "candidates_token_count": 5, "thoughts_token_count": 2}
    facts = answered(
        {
            "candidates": [{"content": {"role": "model", "parts": [{"text": "A"}]}, "finish_reason": "STOP"}],
            "usage_metadata": usage,
            "model_version": "gemini-1",
            "response_id": "r",
        }
    )
    assert facts["output_messages"].value[0]["parts"] == [{"type": "text", "content": "A"}]
    assert (facts["response_model"], facts["response_id"], facts["finish_reasons"]) == ("gemini-1", "r", ["STOP"])
    assert (facts["input_tokens"], facts["output_tokens"], facts["reasoning_tokens"]) == (10, 7, 2)


def test_anything_else_stays() -> None:
    """Also what only looks a little like them."""
    others: list[dict[str, Any]] = [{"messages": []}, {"output": {"text": "A"}}, {"candidates": "none"}, {}]
    for sent in others:
        assert plain_request(sent) is sent
        assert plain_answer(sent) is sent


def test_a_config_beside_messages_is_gemini_s() -> None:
    """LangSmith's wrapper calls the contents messages."""
    facts = asked({"messages": [{"role": "user", "content": "hi"}], "config": {"system_instruction": "Be brief."}})
    assert facts["system_instructions"].value == [{"type": "text", "content": "Be brief."}]
    assert facts["request_params"] is None
