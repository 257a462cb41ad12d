"""Spans that the Anthropic SDK really sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


def test_a_call_fills_its_columns(sent: Sent) -> None:
    """Models, id, parameters, content, usage with cache, finish reason from the stop reason, price."""
    (row,) = sent("anthropic_sdk", "cached").rows()
    assert (row["dialect"], row["kind"], row["operation"], row["provider"]) == (
        "anthropic_sdk",
        "llm",
        "chat",
        "anthropic",
    )
    assert (row["request_model"], row["response_model"]) == ("claude-sonnet-5", "claude-sonnet-5-20261001")
    assert row["response_id"].startswith("msg_")
    assert json.loads(row["request_params"]) == {"max_tokens": 321}
    assert row["finish_reasons"] == ["end_turn"]
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]) == (1752, 1024, 517)
    assert row["output_tokens"] > 0
    assert row["cost_usd"] > 0
    assert row["content_state"] == "full"
    assert row["status"] == "ok"


def test_several_tool_calls_and_their_results_stay(sent: Sent) -> None:
    """Two calls in one answer, two results in one message, arguments as objects, results parsed."""
    asked, answered = sent("anthropic_sdk", "tools").rows()
    calls = [part for part in json.loads(asked["output_messages"])[0]["parts"] if part["type"] == "tool_call"]
    assert [(call["name"], call["arguments"]) for call in calls] == [
        ("get_order", {"order_id": "A-1719"}),
        ("search_policy", {"topic": "Rückgabe", "limit": 3}),
    ]
    results = json.loads(answered["input_messages"])[-1]["parts"]
    assert [result["id"] for result in results] == [call["id"] for call in calls]
    assert results[0]["response"]["order_id"] == "A-1719"
    assert answered["input_text"] == "Where is my order A-1719, and may I still return it?"
    assert asked["finish_reasons"] == ["tool_use"]
    assert asked["prompt_hash"] == answered["prompt_hash"]


def test_a_failed_call_says_how(sent: Sent) -> None:
    """Error type and HTTP status; the input is there, the answer is not, and no cost is made up."""
    (row,) = sent("anthropic_sdk", "error").rows()
    assert (row["status"], row["error_type"], row["error_code"]) == ("error", "overloaded_error", "529")
    assert row["input_text"] is not None
    assert (row["output_messages"], row["output_text"], row["input_tokens"], row["cost_usd"]) == (
        None,
        None,
        None,
        None,
    )


def test_thinking_is_reasoning_and_no_answer_text(sent: Sent) -> None:
    """The thinking block is a part of its own."""
    (row,) = sent("anthropic_sdk", "thinking").rows()
    assert [part["type"] for part in json.loads(row["output_messages"])[0]["parts"]] == ["reasoning", "text"]
    assert row["output_text"] == "No, that is too late."


def test_an_unknown_block_survives(sent: Sent) -> None:
    """The SDK leaves of an image its type; that stays."""
    (row,) = sent("anthropic_sdk", "image").rows()
    assert {"type": "anthropic_image"} in json.loads(row["input_messages"])[0]["parts"]
    assert row["input_text"] == "What is broken on this laptop?"


def test_a_tool_run_gives_its_result(row_of: RowOf) -> None:
    """The result stands under a name of the SDK's own, in blocks of text."""
    row = row_of(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "get_order",
            "gen_ai.tool.call.id": "toolu_1",
            "gen_ai.tool.call.arguments": '{"order_id":"A-1"}',
            "anthropic.tool_result.content": '[{"type":"text","text":"{\\"status\\":\\"sent\\"}"}]',
        },
        scope_name="com.anthropic.sdk.python",
    )
    assert (row["kind"], row["tool_name"], row["tool_call_id"]) == ("tool", "get_order", "toolu_1")
    assert json.loads(row["tool_arguments"]) == {"order_id": "A-1"}
    assert json.loads(row["tool_result"]) == {"status": "sent"}


def test_cut_content_is_said(row_of: RowOf) -> None:
    """The SDK marks content that it cut to its limit."""
    attributes = {"gen_ai.input.messages": "[]", "anthropic.content.truncated": True}
    assert row_of(attributes, scope_name="com.anthropic.sdk.python")["content_state"] == "truncated"


def test_counting_tokens_is_no_model_call(row_of: RowOf) -> None:
    """`count_tokens` has a model and generates nothing."""
    attributes = {"gen_ai.request.model": "claude-sonnet-5", "anthropic.message.count_tokens.input_tokens": 9}
    row = row_of(attributes, scope_name="com.anthropic.sdk.python", name="anthropic.messages.count_tokens")
    assert (row["kind"], row["dialect"]) == ("other", "anthropic_sdk")


def test_what_was_written_to_the_cache_for_an_hour_costs_more(row_of: RowOf) -> None:
    """Twice the price of input, where five minutes cost a quarter more."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.response.model": "claude-haiku-4-5",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 0,
        "gen_ai.usage.cache_creation.input_tokens": 1000,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 400,
    }
    row = row_of(attributes, scope_name="com.anthropic.sdk.python")
    assert row["cache_write_tokens"] == 1000
    assert row["cost_usd"] == 600 * 1.25e-6 + 400 * 2e-6


def test_the_runner_s_tools_are_runs_and_it_is_the_agent(sent: Sent) -> None:
    """Arguments, results and call ids of both; the runner itself is no call."""
    rows = sent("anthropic_sdk", "tool_runner").rows()
    assert sorted(row["kind"] for row in rows) == ["agent", "llm", "llm", "tool", "tool"]
    runs = {row["tool_name"]: row for row in rows if row["kind"] == "tool"}
    assert runs["get_order"]["tool_call_id"] == "toolu_01OrderToolRunner"
    assert json.loads(runs["search_policy"]["tool_arguments"]) == {"topic": "Rückgabe", "limit": 3}
    assert json.loads(runs["get_order"]["tool_result"])["days_ago"] == 12


def test_tokens_of_compactions_are_part_of_the_call(row_of: RowOf) -> None:
    """The SDK tells them beside the usage, which leaves them out; they are on the bill."""
    sent = {"gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"}
    sent |= {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100}
    compacted = {f"anthropic.usage.compaction.{side}_tokens": n for side, n in (("input", 180_000), ("output", 3_500))}
    scope = "com.anthropic.sdk.messages"
    plain, whole = row_of(sent, scope_name=scope), row_of({**sent, **compacted}, scope_name=scope)
    assert (whole["input_tokens"], whole["output_tokens"]) == (181_000, 3_600)
    alone = row_of({**sent, "gen_ai.usage.input_tokens": 180_000, "gen_ai.usage.output_tokens": 3_500})
    assert whole["cost_usd"] == pytest.approx(plain["cost_usd"] + alone["cost_usd"])
