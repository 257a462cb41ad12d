"""OpenLLMetry up to 0.4x: indexed attributes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawEvent

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


@pytest.mark.parametrize("emitter", ["openllmetry_anthropic_old", "openllmetry_openai_old"])
def test_indexed_messages_and_tools_are_put_together(sent: Sent, emitter: str) -> None:
    """Messages, calls with parsed arguments, results, definitions: as if they had been sent whole."""
    asked, answered = sent(emitter, "tools").rows()
    assert asked["dialect"] == "openllmetry"
    calls = [part for part in json.loads(asked["output_messages"])[0]["parts"] if part["type"] == "tool_call"]
    assert [call["arguments"] for call in calls] == [{"order_id": "A-1719"}, {"topic": "Rückgabe", "limit": 3}]
    definitions = json.loads(asked["tool_definitions"])
    assert [tool["name"] for tool in definitions] == ["get_order", "search_policy"]
    assert definitions[0]["parameters"]["required"] == ["order_id"]
    results = [
        part
        for message in json.loads(answered["input_messages"])
        for part in message["parts"]
        if part["type"] == "tool_call_response"
    ]
    assert [result["id"] for result in results] == [call["id"] for call in calls]
    assert answered["output_text"] == "Your order A-1719 came to Łódź 12 days ago; you may return it."


def test_usage_includes_the_cache(sent: Sent) -> None:
    """Its older names for cache tokens are parts of the input."""
    (row,) = sent("openllmetry_anthropic_old", "cached").rows()
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]) == (1752, 1024, 517)


def test_more_than_ten_messages_stay_in_order(row_of: RowOf) -> None:
    """`10` comes after `9`, and plain text in brackets is no list of blocks."""
    sent = {f"gen_ai.prompt.{n}.content": f"[{n}" for n in (11, 2, 10, 0)} | {"llm.request.type": "chat"}
    row = row_of(sent)
    texts = [message["parts"][0]["content"] for message in json.loads(row["input_messages"])]
    assert texts == ["[0", "[2", "[10", "[11"]
    assert (row["operation"], row["kind"]) == ("chat", "llm")


@pytest.mark.parametrize("metadata", ['{"page": 3}', "{'page': 3}"])
def test_what_a_vector_database_found_is_documents(
    row_of: Callable[..., SpanRow], event: Callable[..., RawEvent], metadata: str
) -> None:
    """One event each; a distance is no score, and the vector stays in the event."""
    name = "db.query.result"
    found = [
        event(name, {f"{name}.id": "d1", f"{name}.score": 0.5, f"{name}.metadata": metadata, f"{name}.vector": [0.1]}),
        event(name, {f"{name}.id": "d2", f"{name}.distance": 0.25, f"{name}.document": "text"}),
    ]
    row = row_of({"db.system": "chroma"}, events=found, name="chroma.query")
    assert row["kind"] == "retrieval"
    assert json.loads(row["documents"]) == [
        {"id": "d1", "content": None, "score": 0.5, "metadata": {"page": 3}, "uri": None},
        {"id": "d2", "content": "text", "score": None, "metadata": {"distance": 0.25}, "uri": None},
    ]


@pytest.mark.parametrize("text", ['["red", "blue"]', "[1,2,3]", '[{"type": "car", "text": "x"}]'])
def test_content_that_is_json_of_no_blocks_is_what_was_said(row_of: RowOf, text: str) -> None:
    """Only a list of blocks is taken apart."""
    row = row_of({"llm.request.type": "chat", "gen_ai.prompt.0.content": text, "gen_ai.completion.0.content": text})
    assert (row["input_text"], row["output_text"]) == (text, text)


def test_a_prompt_version_may_be_known_by_name_only(row_of: RowOf) -> None:
    """The number goes before the name."""
    named = {"traceloop.prompt.key": "k", "traceloop.prompt.version_name": "winter"}
    assert row_of(named)["prompt_version"] == "winter"
    assert row_of({**named, "traceloop.prompt.version": 2})["prompt_version"] == "2"


def test_a_tool_keeps_positional_and_named_arguments(row_of: RowOf) -> None:
    """The decorator sends both; where one of them is empty the other is the arguments."""
    pairs: list[tuple[dict[str, Any], Any]] = [
        ({"args": ["Bern"], "kwargs": {"unit": "C"}}, {"args": ["Bern"], "kwargs": {"unit": "C"}}),
        ({"args": [], "kwargs": {"unit": "C"}}, {"unit": "C"}),
        ({"args": ["Bern"], "kwargs": {}}, ["Bern"]),
    ]
    for given, arguments in pairs:
        row = row_of({"traceloop.span.kind": "tool", "traceloop.entity.input": json.dumps(given)})
        assert json.loads(row["tool_arguments"]) == arguments


def test_the_oldest_names_of_parameters_are_heard(row_of: RowOf) -> None:
    """Constants of opentelemetry-semantic-conventions-ai 0.4.9."""
    names = ("top_k", "frequency_penalty", "presence_penalty", "request.repetition_penalty")
    sent = {f"llm.{name}": 0.5 for name in names} | {"llm.chat.stop_sequences": ["END"]}
    row = row_of({"llm.request.type": "chat", "llm.response.stop_reason": "end_turn", **sent})
    bare = {name.removeprefix("request."): 0.5 for name in names}
    assert json.loads(row["request_params"]) == bare | {"stop_sequences": ["END"]}
    assert row["finish_reasons"] == ["end_turn"]
