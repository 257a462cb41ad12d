"""pydantic-ai."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]
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


@pytest.mark.parametrize(
    ("name", "kind"), [("agent run", "agent"), ("running tool", "tool"), ("running tools", "chain"), ("other", "other")]
)
def test_spans_of_older_versions_are_known_by_their_names(row_of: RowOf, name: str, kind: str) -> None:
    """Up to 1.20 they say no operation; where one is said it holds."""
    assert row_of({}, name=name, scope_name="pydantic-ai")["kind"] == kind
    spoken = row_of({"gen_ai.operation.name": "chat"}, name=name, scope_name="pydantic-ai")
    assert spoken["kind"] == "llm"
    assert row_of({}, name=name, scope_name="app")["kind"] == "other"


def test_output_tools_are_tools(row_of: RowOf) -> None:
    """They cross the wire like the others."""
    tools = {"output_tools": [{"name": "final_result", "parameters_json_schema": {"type": "object"}}]}
    row = row_of({"gen_ai.operation.name": "chat", "model_request_parameters": json.dumps(tools)})
    (tool,) = json.loads(row["tool_definitions"])
    assert (tool["name"], tool["parameters"]) == ("final_result", {"type": "object"})


def test_links_to_media_are_references(row_of: RowOf) -> None:
    """Formats 2 and 3 have a type for each kind."""
    parts = [{"type": f"{kind}-url", "url": f"https://example.org/{kind}"} for kind in ("image", "audio", "document")]
    row = row_of(
        {
            "gen_ai.provider.name": "google-gla",
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}]),
        }
    )
    found = json.loads(row["input_messages"])[0]["parts"]
    assert [(part["type"], part["modality"]) for part in found] == [
        ("uri", "image"),
        ("uri", "audio"),
        ("uri", "document"),
    ]
    assert row["provider"] == "gcp.gemini"


def test_events_of_format_1_need_no_other_sign(row_of: RowOf) -> None:
    """Whoever sends them: the scope shows who speaks."""
    said = [{"event.name": "gen_ai.user.message", "content": "hi"}, {"event.name": "gen_ai.choice", "message": "hello"}]
    row = row_of({"gen_ai.operation.name": "chat", "events": json.dumps(said)}, scope_name="pydantic-ai")
    assert (row["input_text"], row["output_text"]) == ("hi", "hello")


def test_gemini_s_counts_stand_in_the_details(row_of: RowOf) -> None:
    """By names of its own."""
    sent = {"gen_ai.usage.details.thoughts_tokens": 40, "gen_ai.usage.details.cached_content_tokens": 30}
    row = row_of({"gen_ai.operation.name": "chat", **sent}, scope_name="pydantic-ai")
    assert (row["reasoning_tokens"], row["cache_read_tokens"]) == (40, 30)
