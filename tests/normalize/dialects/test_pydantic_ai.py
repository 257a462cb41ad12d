"""pydantic-ai."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Sent = Callable[[str, str], Any]
EMITTERS = ["pydantic_ai_v1_attributes", "pydantic_ai_v2_openai", "pydantic_ai_v6_anthropic"]


@pytest.mark.parametrize("emitter", EMITTERS)
def test_tool_runs_have_arguments_and_results(sent: Sent, emitter: str) -> None:
    """Older formats spell them `tool_arguments` and `tool_response`."""
    runs = [row for row in sent(emitter, "tools").rows() if row["kind"] == "tool" and row["tool_call_id"]]
    assert {row["tool_name"] for row in runs} == {"get_order", "search_policy"}
    assert json.loads(next(row["tool_arguments"] for row in runs if row["tool_name"] == "get_order")) == {
        "order_id": "A-1719"
    }
    assert all(row["tool_result"] for row in runs)


def test_a_failed_call_keeps_its_instructions(sent: Sent) -> None:
    """On an error the request parameters are the only place that has them on the call's own span."""
    (row,) = [row for row in sent("pydantic_ai_v1_attributes", "error").rows() if row["kind"] == "llm"]
    assert "support agent" in row["system_instructions"]


def test_reasoning_stands_in_the_details(sent: Sent) -> None:
    """`gen_ai.usage.details.reasoning_tokens` is the count of format 2."""
    (row,) = [row for row in sent("pydantic_ai_v2_openai", "cached").rows() if row["kind"] == "llm"]
    assert (row["reasoning_tokens"], row["cache_read_tokens"]) == (64, 1024)
