"""Google ADK."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]


def test_version_1_has_request_and_answer_as_json(sent: Sent) -> None:
    """Instructions, messages, tools, parameters and the model that answered come out of the two objects."""
    (row,) = [row for row in sent("adk_v1", "chat").rows() if row["name"] == "call_llm"]
    assert (row["dialect"], row["response_model"]) == ("google_adk", "gpt-4.1-mini-2026-04-14")
    assert "support agent" in row["system_instructions"]
    assert json.loads(row["request_params"])["max_tokens"] == 321
    assert json.loads(row["output_messages"])[0]["role"] == "assistant"


def test_version_1_calls_and_results_are_parts(sent: Sent) -> None:
    """Gemini's `function_call` and `function_response` become the parts of the conventions."""
    asked, answered = [row for row in sent("adk_v1", "tools").rows() if row["name"] == "call_llm"]
    called = [part for part in json.loads(asked["output_messages"])[0]["parts"] if part["type"] == "tool_call"]
    assert [(part["name"], part["id"]) for part in called] == [
        ("get_order", "call_01OrderTools"),
        ("search_policy", "call_01PolicyTools"),
    ]
    back = [
        part["id"]
        for message in json.loads(answered["input_messages"])
        for part in message["parts"]
        if part["type"] == "tool_call_response"
    ]
    assert back == ["call_01OrderTools", "call_01PolicyTools"]


def test_a_result_is_what_the_model_was_given(sent: Sent) -> None:
    """ADK puts an object around a result that is none; the message keeps it, as the run of the tool does."""
    rows = sent("adk_v1", "tools").rows()
    said = json.loads([row for row in rows if row["name"] == "call_llm"][-1]["input_messages"])
    (first, *_) = [part for message in said for part in message["parts"] if part["type"] == "tool_call_response"]
    (run,) = [row for row in rows if row["kind"] == "tool" and row["tool_call_id"] == first["id"]]
    assert first["response"] == json.loads(run["tool_result"])
    assert list(first["response"]) == ["result"]


def test_cached_and_reasoning_tokens_are_counted(sent: Sent) -> None:
    """`usage_metadata` is the only place for the cache."""
    (row,) = [row for row in sent("adk_v1", "cached").rows() if row["name"] == "call_llm"]
    assert (row["input_tokens"], row["cache_read_tokens"], row["reasoning_tokens"]) == (1752, 1024, 64)


@pytest.mark.parametrize("emitter", ["adk_default", "adk_latest", "adk_v1"])
def test_thoughts_are_counted_once(sent: Sent, emitter: str) -> None:
    """Version 2 adds them to the output of models over LiteLLM, which counts them already: 169 for 105."""
    counted = {row["output_tokens"] for row in sent(emitter, "cached").rows() if row["kind"] == "llm"}
    assert counted == {105}


def test_thoughts_of_gemini_are_no_part_of_its_candidates(row_of: Callable[..., SpanRow]) -> None:
    """There the sum is right."""
    counts = {"gen_ai.usage.output_tokens": 169, "gen_ai.usage.reasoning.output_tokens": 64}
    row = row_of({"gen_ai.system": "gemini", **counts}, scope_name="gcp.vertex.agent")
    assert row["output_tokens"] == 169


@pytest.mark.parametrize("emitter", ["adk_default", "adk_v1"])
def test_the_run_of_merged_tools_is_none(sent: Sent, emitter: str) -> None:
    """It stands around two runs that have spans of their own."""
    runs = [row["tool_name"] for row in sent(emitter, "tools").rows() if row["kind"] == "tool"]
    assert runs == ["get_order", "search_policy"]


ASKED = json.dumps({"model": "gemini-3", "contents": [{"role": "user", "parts": [{"text": "hi"}]}]})


@pytest.mark.parametrize(
    ("total", "output"),
    [(22, 10), (None, 10), (19, 7)],
    ids=["Gemini: thoughts apart", "no total", "another provider: thoughts among them"],
)
def test_early_releases_count_in_the_answer_only(
    row_of: Callable[..., SpanRow], total: int | None, output: int
) -> None:
    """Input, output, thoughts and the reason of the end; attributes that say so come first."""
    counts = {"prompt_token_count": 12, "candidates_token_count": 7, "thoughts_token_count": 3}
    answer = {
        "content": {"role": "model", "parts": [{"text": "yo"}]},
        "finish_reason": "STOP",
        "usage_metadata": counts,
    }
    if total is not None:
        counts["total_token_count"] = total
    sent = {"gcp.vertex.agent.llm_request": ASKED, "gcp.vertex.agent.llm_response": json.dumps(answer)}
    row = row_of(sent, scope_name="gcp.vertex.agent")
    assert (row["input_tokens"], row["output_tokens"], row["reasoning_tokens"]) == (12, output, 3)
    assert (row["finish_reasons"], row["status"]) == (["STOP"], "ok")
    later = {**sent, "gen_ai.usage.input_tokens": 13, "gen_ai.usage.output_tokens": 11}
    row = row_of({**later, "gen_ai.response.finish_reasons": ["stop"]}, scope_name="gcp.vertex.agent")
    assert (row["input_tokens"], row["output_tokens"], row["finish_reasons"]) == (13, 11, ["stop"])


@pytest.mark.parametrize(("code", "status"), [("SAFETY", "error"), ("STOP", "ok")])
def test_an_answer_that_was_blocked_is_an_error(row_of: Callable[..., SpanRow], code: str, status: str) -> None:
    """The status of the span is unset; an empty answer that just ended is none."""
    answer = json.dumps({"error_code": code, "error_message": "blocked"})
    sent = {"gcp.vertex.agent.llm_request": ASKED, "gcp.vertex.agent.llm_response": answer}
    row = row_of(sent, scope_name="gcp.vertex.agent")
    told = ("SAFETY", "SAFETY", "blocked") if status == "error" else (None, None, None)
    assert (row["status"], row["error_type"], row["error_code"], row["status_message"]) == (status, *told)
