"""Requests, answers, tool runs and documents inside OpenInference's `input.value` and `output.value`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_i2e.normalize.messages import Content
from otel_i2e.normalize.openinference_values import answer_in, documents_in, request_in, richer, tool_run_in


def asked(value: Any) -> dict[str, Any]:
    """The request in a span with this input."""
    return request_in({"input.value": value if isinstance(value, str) else json.dumps(value)})


def answered(value: Any) -> dict[str, Any]:
    """The answer in a span with this output."""
    return answer_in({"output.value": value if isinstance(value, str) else json.dumps(value)})


def text_of(role: str, text: str) -> dict[str, Any]:
    """A message of one text."""
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def test_a_request_that_names_its_model_has_parameters() -> None:
    """Arguments of some function that also takes messages are no parameters of a model."""
    said = {"messages": [{"role": "user", "content": "hi"}]}
    assert asked({**said, "model": "m", "stop": "END"})["request_params"] == {"stop_sequences": ["END"]}
    assert "request_params" not in asked({**said, "retries": 3})


@pytest.mark.parametrize(
    "value",
    [
        "hi",
        "{",
        "[]",
        '{"a": 1}',
        {"messages": []},
        {"messages": ["ChatMessage(role='user')"]},
        ["ChatMessage(role='user')"],
        {"messages": 3},
    ],
)
def test_what_is_no_request_says_no_more_than_messages(value: Any) -> None:
    """Printed objects, plain text, broken JSON."""
    assert not asked(value).get("request_params")
    assert "ChatMessage" not in str(asked(value))


@pytest.mark.parametrize("value", ["hi", "{", "[1]", '{"a": 1}', {"replies": ["ChatMessage()"]}, ["ChatMessage()"]])
def test_what_is_no_answer_says_nothing(value: Any) -> None:
    """An object that no API answers with is left to the text of the output."""
    assert answered(value) == {}


def test_the_made_up_id_of_a_stream_gives_way_to_the_providers() -> None:
    """OpenAI Agents wraps a streamed chat into an answer of its own, with the model that was asked for."""
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "No."}]}
    whole = {"id": "__fake_id__", "model": "gpt-4.1-mini", "output": [item]}
    told = answered([{**whole, "output": [{**item, "provider_data": {"response_id": "chatcmpl-1"}}]}])
    assert (told["response_id"], told["response_model"]) == ("chatcmpl-1", None)
    assert told["output_messages"].value[0]["parts"] == [{"type": "text", "content": "No."}]
    assert answered([whole])["response_id"] is None


def test_an_answer_without_a_word_is_no_message() -> None:
    """Its id still counts."""
    told = answered({"id": "r-1", "content": []})
    assert (told["response_id"], told["output_messages"]) == ("r-1", None)


@pytest.mark.parametrize("value", ['{"kwargs": {"a": 1}}', '{"args": [], "kwargs": {"a": 1}}'])
def test_the_arguments_of_a_python_call_are_unwrapped(value: str) -> None:
    """LlamaIndex wraps them."""
    assert tool_run_in({"input.value": value})["tool_arguments"].value == {"a": 1}


def test_arguments_with_places_stay_as_they_were_sent() -> None:
    """Nothing is lost to unwrapping."""
    assert "tool_arguments" not in tool_run_in({"input.value": '{"args": [2], "kwargs": {"a": 1}}'})


@pytest.mark.parametrize(
    ("output", "result", "call"),
    [
        ({"type": "tool", "data": {"content": '{"a": 1}', "tool_call_id": "c-1"}}, {"a": 1}, "c-1"),
        ({"lc": 1, "kwargs": {"type": "tool", "content": "x", "tool_call_id": "c-2"}}, "x", "c-2"),
        ({"tool_name": "f", "raw_output": "42 kg"}, "42 kg", None),
    ],
)
def test_results_are_taken_out_of_what_frameworks_wrap_around_them(output: Any, result: Any, call: str | None) -> None:
    """LangChain's two forms of a tool's message, LlamaIndex's output."""
    run = tool_run_in({"output.value": json.dumps(output)})
    assert (run["tool_result"].value, run.get("tool_call_id")) == (result, call)


def test_tool_parameters_are_the_schema_or_else_the_arguments() -> None:
    """Emitters use the one name for both."""
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {}}}
    (defined,) = tool_run_in({"tool.name": "f", "tool.parameters": json.dumps(schema)})["tool_definitions"].value
    assert (defined["name"], defined["parameters"]) == ("f", schema)
    assert tool_run_in({"tool.parameters": '{"a": 1}'})["tool_arguments"].value == {"a": 1}
    assert tool_run_in({"tool.parameters": '{"a": 1}', "input.value": "x"}) == {}


def test_documents_are_completed_from_the_whole_output() -> None:
    """Only when it lists as many; what the attributes say stays."""
    flattened = [{"content": "a", "score": 0.5}]
    known = {"documents": [{"id": "d-1", "page_content": "A", "metadata": {"score": 0.1}}]}
    (found,) = documents_in({"output.value": json.dumps(known)}, flattened) or []
    assert (found["id"], found["content"], found["score"]) == ("d-1", "a", 0.5)
    (alone,) = documents_in({"output.value": '{"documents": []}'}, flattened) or []
    assert alone["id"] is None
    (unnamed,) = documents_in({"output.value": json.dumps(known)}, []) or []
    assert unnamed["id"] == "d-1"
    for nothing in ({}, {"output.value": '[{"id": "d-1"}]'}, {"output.value": '{"documents": ["Document(id=1)"]}'}):
        assert documents_in(nothing, []) is None


def test_the_form_that_says_more_is_kept_with_the_instructions_of_either() -> None:
    """The image or the call id that one form leaves out; instructions weigh nothing."""
    told, short, long = text_of("system", "Be brief, whatever happens."), text_of("user", "a"), text_of("user", "abc")
    for flattened, whole, kept in (
        ([told, short], [long], [told, long]),
        ([long], [told, short], [long]),
        ([short], [told, long], [told, long]),
        ([], [short], [short]),
    ):
        given = richer(flattened, Content(whole))
        assert given is not None
        assert given.value == kept
    assert richer([], None) is None
