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


@pytest.mark.parametrize("emitter", EMITTERS)
def test_a_run_was_asked_all_its_messages_but_the_answer(sent: Sent, emitter: str) -> None:
    """The last that the assistant said is the run's output, in the list of events of format 1 too."""
    (run,) = [row for row in sent(emitter, "tools").rows() if row["kind"] == "agent"]
    said = json.loads(run["input_messages"])
    results = [part["id"] for message in said for part in message["parts"] if part["type"] == "tool_call_response"]
    assert len(results) == 2
    assert said[0] == {"role": "user", "parts": [{"type": "text", "content": run["input_text"]}]}
    assert said[-1]["role"] != "assistant"
    assert json.loads(run["output_messages"])[0]["parts"] == [{"type": "text", "content": run["output_text"]}]


@pytest.mark.parametrize("emitter", EMITTERS)
def test_attributes_for_logfire_do_not_make_it_logfire(sent: Sent, emitter: str) -> None:
    """pydantic-ai sends `logfire.msg` and `logfire.json_schema` wherever it sends."""
    assert {row["dialect"] for row in sent(emitter, "chat").rows("pydantic-ai")} == {"pydantic_ai"}
