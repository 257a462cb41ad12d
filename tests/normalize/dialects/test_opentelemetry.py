"""The OpenTelemetry conventions, latest and older names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


@pytest.mark.parametrize(
    ("name", "value", "column", "expected"),
    [
        ("gen_ai.provider.name", "openai", "provider", "openai"),
        ("gen_ai.system", "Anthropic", "provider", "anthropic"),
        ("gen_ai.system", "az.ai.openai", "provider", "azure.ai.openai"),
        ("gen_ai.system", "langchain", "provider", None),
        ("gen_ai.response.finish_reasons", ["stop", "length"], "finish_reasons", ["stop", "length"]),
        ("gen_ai.response.finish_reasons", '["stop"]', "finish_reasons", ["stop"]),
        ("gen_ai.response.finish_reason", "stop", "finish_reasons", ["stop"]),
        ("gen_ai.usage.prompt_tokens", 7, "input_tokens", 7),
        ("gen_ai.usage.completion_tokens", "7", "output_tokens", 7),
        ("gen_ai.usage.cache_read_input_tokens", 7, "cache_read_tokens", 7),
        ("gen_ai.usage.cache_creation.input_tokens", 7, "cache_write_tokens", 7),
        ("gen_ai.usage.cache_creation_input_tokens", 7, "cache_write_tokens", 7),
        ("gen_ai.usage.cache_write_input_tokens", 7, "cache_write_tokens", 7),
        ("gen_ai.usage.reasoning_tokens", 7.0, "reasoning_tokens", 7),
        ("gen_ai.usage.input_tokens", -1, "input_tokens", None),
        ("gen_ai.usage.input_tokens", True, "input_tokens", None),
        ("gen_ai.prompt.version", 3, "prompt_version", "3"),
        ("gen_ai.conversation.id", "c1", "conversation_id", "c1"),
        ("enduser.id", "u1", "user_id", "u1"),
        ("gen_ai.usage.cost", 0.25, "cost_usd", 0.25),
    ],
)
def test_a_name_fills_its_column(row_of: RowOf, name: str, value: Any, column: str, expected: Any) -> None:
    """Old spellings and new; a value that makes no sense says nothing."""
    assert row_of({name: value})[column] == expected


def test_the_newer_name_wins(row_of: RowOf) -> None:
    """Emitters send old and new names side by side, in any order; a zero gives way to a number."""
    old_first = {"gen_ai.system": "az.ai.openai", "gen_ai.provider.name": "openai"}
    assert row_of(old_first)["provider"] == "openai"
    assert row_of(dict(reversed(old_first.items())))["provider"] == "openai"
    usage = {"gen_ai.usage.cache_write.input_tokens": 0, "gen_ai.usage.cache_creation.input_tokens": 5}
    assert row_of(usage)["cache_write_tokens"] == 5


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("chat", "llm"),
        ("generate_content", "llm"),
        ("text_completion", "llm"),
        ("embeddings", "embedding"),
        ("retrieval", "retrieval"),
        ("invoke_agent", "agent"),
        ("execute_tool", "tool"),
        ("invoke_workflow", "chain"),
        ("delete_memory_store", "other"),
        ("something_new", "other"),
    ],
)
def test_the_operation_gives_the_kind(row_of: RowOf, operation: str, kind: str) -> None:
    """Every operation of the conventions has a kind; a new one is `other` until it is known."""
    row = row_of({"gen_ai.operation.name": operation})
    assert (row["kind"], row["operation"], row["dialect"]) == (kind, operation, "opentelemetry")


def test_an_answer_without_an_operation_is_a_model_call(row_of: RowOf) -> None:
    """Older emitters name no operation; output tokens or messages show a call."""
    assert row_of({"gen_ai.system": "openai", "gen_ai.usage.completion_tokens": 3})["kind"] == "llm"


def test_request_parameters_have_bare_names(row_of: RowOf) -> None:
    """Listed ones, and those that the table does not know; the model is a column, not a parameter."""
    row = row_of(
        {
            "gen_ai.request.model": "m",
            "gen_ai.request.temperature": 0.25,
            "gen_ai.request.choice.count": 2,
            "gen_ai.request.tool_choice": "auto",
            "gen_ai.openai.request.service_tier": "flex",
            "gen_ai.output.type": "json",
        }
    )
    assert json.loads(row["request_params"]) == {
        "temperature": 0.25,
        "choice_count": 2,
        "tool_choice": "auto",
        "service_tier": "flex",
        "output_type": "json",
    }


def test_prompt_name_version_and_variables_are_no_messages(row_of: RowOf) -> None:
    """`gen_ai.prompt.name` and `.variable.*` collide with the old `gen_ai.prompt.0.*`, also on one span."""
    prompt = {"gen_ai.prompt.name": "refunds", "gen_ai.prompt.version": "7", "gen_ai.prompt.variable.city": "Łódź"}
    row = row_of(prompt)
    assert (row["prompt_name"], row["prompt_version"]) == ("refunds", "7")
    assert json.loads(row["prompt_variables"]) == {"city": "Łódź"}
    assert (row["input_messages"], row["dialect"]) == (None, "opentelemetry")
    both = row_of({**prompt, "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi"})
    assert json.loads(both["input_messages"]) == [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    assert both["prompt_name"] == "refunds"


@pytest.mark.parametrize("emitter", ["by_hand_json", "by_hand_structured", "by_hand_events"])
def test_content_is_the_same_wherever_it_was_sent(sent: Sent, emitter: str) -> None:
    """As JSON text on the span, structured on the span, or in log events."""
    expected = sent("by_hand_json", "tools").rows()
    rows = sent(emitter, "tools").rows()
    for row, wanted in zip(rows, expected, strict=True):
        for column in ("system_instructions", "input_messages", "output_messages", "tool_definitions", "tool_result"):
            assert _parsed(row[column]) == _parsed(wanted[column]), column
        assert row["prompt_hash"] == wanted["prompt_hash"]
        assert row["kind"] == wanted["kind"]
    assert any(row["input_messages"] for row in rows)


def test_a_retrieval_has_its_query_and_documents(sent: Sent) -> None:
    """The query is the input text."""
    (row,) = [row for row in sent("by_hand_json", "retrieval").rows() if row["kind"] == "retrieval"]
    documents = json.loads(row["documents"])
    assert row["input_text"]
    assert [document["id"] for document in documents] == ["policy-12", "policy-31"]
    assert all(document["content"] and document["score"] for document in documents)


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)
