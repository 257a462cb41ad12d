"""Strands Agents, in the mode of old events and in that of the latest conventions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]
EMITTERS = ["strands_legacy", "strands_latest"]


@pytest.mark.parametrize("emitter", EMITTERS)
def test_a_tool_run_has_arguments_result_and_call_id(sent: Sent, emitter: str) -> None:
    """From events in the old mode; the text comes out of Bedrock's block in both."""
    runs = {row["tool_name"]: row for row in sent(emitter, "tools").rows() if row["kind"] == "tool"}
    assert runs.keys() == {"get_order", "search_policy"}
    order = runs["get_order"]
    assert json.loads(order["tool_arguments"]) == {"order_id": "A-1719"}
    assert json.loads(order["tool_result"])["days_ago"] == 12
    assert order["tool_call_id"] == "toolu_01OrderTools"
    assert order["dialect"] == "strands"


def test_the_events_of_a_run_are_no_messages(sent: Sent) -> None:
    """What a tool was given is not what a tool answered."""
    runs = [row for row in sent("strands_legacy", "tools").rows() if row["kind"] == "tool"]
    assert [(row["input_messages"], row["output_messages"]) for row in runs] == [(None, None)] * 2


@pytest.mark.parametrize("emitter", EMITTERS)
def test_a_run_defines_its_tool_and_has_no_prompt_hash(sent: Sent, emitter: str) -> None:
    """The schema stands nowhere else; the hash is of what a model is told."""
    run = next(row for row in sent(emitter, "tools").rows() if row["tool_name"] == "get_order")
    (defined,) = json.loads(run["tool_definitions"])
    assert (defined["name"], defined["description"]) == ("get_order", "Look up an order by its number.")
    assert defined["parameters"]["required"] == ["order_id"]
    assert run["prompt_hash"] is None


@pytest.mark.parametrize("emitter", EMITTERS)
def test_every_result_of_one_message_is_an_answer_to_its_call(sent: Sent, emitter: str) -> None:
    """Two parallel calls come back in one message of Bedrock's blocks."""
    *_, last = [row for row in sent(emitter, "tools").rows() if row["kind"] == "llm"]
    answers = [
        part
        for message in json.loads(last["input_messages"])
        for part in message["parts"]
        if part["type"] == "tool_call_response"
    ]
    assert [part["id"] for part in answers] == ["toolu_01OrderTools", "toolu_01PolicyTools"]
    assert answers[0]["response"]["order_id"] == "A-1719"


def test_a_schema_that_is_no_object_defines_nothing(row_of: RowOf) -> None:
    """Half a schema is worth none."""
    row = row_of({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.json_schema": '{"type": '})
    assert (row["dialect"], row["tool_definitions"]) == ("strands", None)


@pytest.mark.parametrize(("told", "status"), [("error", "error"), ("success", "ok")])
def test_a_tool_that_says_it_failed_did(row_of: RowOf, told: str, status: str) -> None:
    """The span's own status is OK unless the tool raised."""
    sent = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.status": told}
    row = row_of(sent, scope_name="strands.telemetry.tracer", status_code="ok")
    assert (row["kind"], row["status"]) == ("tool", status)
