"""LiteLLM's `otel` callback."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


def test_calls_without_ids_are_put_into_the_answer(sent: Sent) -> None:
    """Text stands in one attribute, the calls in others."""
    asked = sent("litellm_otel", "stream_tools").rows()[0]
    text, call = json.loads(asked["output_messages"])[0]["parts"]
    assert (text["content"], call["name"], call["arguments"]) == (
        "I will look up both.",
        "get_order",
        {"order_id": "A-1719"},
    )


def test_what_crossed_the_wire_is_a_call_of_its_own(sent: Sent) -> None:
    """Printed Python: ids, parameters, messages and counts of the provider."""
    whole, wire = sent("litellm_otel", "cached").rows()
    assert (whole["name"], whole["cache_read_tokens"]) == ("litellm_request", 1024)
    assert (wire["kind"], wire["provider"], wire["input_tokens"], wire["cache_write_tokens"]) == (
        "llm",
        "anthropic",
        1752,
        517,
    )
    assert wire["response_id"].startswith("msg_")
    assert json.loads(wire["request_params"]) == {"max_tokens": 321}


def test_a_stream_has_nothing_of_the_wire(sent: Sent) -> None:
    """The raw span of a stream is empty and is no call."""
    assert [row["kind"] for row in sent("litellm_otel", "stream").rows()] == ["llm", "other"]


def test_python_that_is_none_stays_text(row_of: RowOf) -> None:
    """What was cut off in the middle says nothing, and breaks nothing."""
    row = row_of({"llm.openai.messages": "[{'role': 'us"}, name="raw_gen_ai_request", scope_name="litellm")
    assert (row["kind"], row["provider"]) == ("llm", "openai")


def test_the_cost_that_was_sent_is_kept(row_of: RowOf) -> None:
    """A total of nothing is no cost: the price was not known to it."""
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "of-nobody", "gen_ai.usage.input_tokens": 1}
    cost = [row_of({**chat, "gen_ai.cost.total_cost": told}, scope_name="litellm")["cost_usd"] for told in (0.5, 0)]
    assert cost == [0.5, None]


def test_a_truth_value_sent_as_printed_python_is_one(row_of: RowOf) -> None:
    """`False` as text would be true for whoever reads it."""
    params = [json.loads(row_of({"llm.is_streaming": sent})["request_params"]) for sent in ("False", "True", False)]
    assert params == [{"stream": False}, {"stream": True}, {"stream": False}]
