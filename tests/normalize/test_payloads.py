"""Requests and answers of model APIs."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.normalize.payloads import answered, asked

CALL = {"type": "tool_call", "id": "c", "name": "f", "arguments": {"n": 1}}


@pytest.mark.parametrize(
    "request_body",
    [
        {"messages": [{"role": "user", "content": "hi"}], "stop": "x", "max_completion_tokens": 3},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}], "stop_sequences": ["x"]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}], "stop": ["x"]},
        {"input": "hi", "stop": ["x"]},
        {"messages": [[{"lc": 1, "kwargs": {"type": "human", "content": "hi"}}]], "stop": ["x"]},
    ],
)
def test_requests_of_every_api_say_the_same(request_body: dict[str, Any]) -> None:
    """OpenAI's two, Anthropic's, LangChain's."""
    facts = asked({**request_body, "model": "m"})
    assert facts["input_messages"].value == [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    assert facts["request_params"]["stop_sequences"] == ["x"]
    assert facts["request_model"] == "m"


TOOL_USE = {"type": "tool_use", "id": "c", "name": "f", "input": {"n": 1}}
FC = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"n": 1}'}}


@pytest.mark.parametrize(
    "answer",
    [
        {
            "id": "r",
            "model": "m",
            "choices": [
                {
                    "finish_reason": "tool",
                    "message": {"role": "assistant", "content": "ok", "tool_calls": [FC]},
                }
            ],
        },
        {
            "id": "r",
            "model": "m",
            "stop_reason": "tool",
            "role": "assistant",
            "content": [
                {"type": "text", "text": "ok"},
                {"type": "tool_use", "id": "c", "name": "f", "input": {"n": 1}},
            ],
        },
        {
            "id": "r",
            "model": "m",
            "finish_reason": "tool",
            "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]},
                {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": '{"n": 1}'},
            ],
        },
        {
            "generations": [
                [
                    {
                        "text": "ok",
                        "generation_info": {"finish_reason": "tool"},
                        "message": {
                            "lc": 1,
                            "kwargs": {
                                "type": "ai",
                                "content": "ok",
                                "tool_calls": [{"type": "tool_call", "id": "c", "name": "f", "args": {"n": 1}}],
                                "response_metadata": {"id": "r", "model_name": "m"},
                            },
                        },
                    }
                ]
            ]
        },
    ],
)
def test_answers_of_every_api_say_the_same(answer: dict[str, Any]) -> None:
    """Text, tool call, reason, model and id."""
    facts = answered(answer)
    parts = [part for message in facts["output_messages"].value for part in message["parts"]]
    assert parts == [{"type": "text", "content": "ok"}, CALL]
    assert (facts["finish_reasons"], facts["response_model"], facts["response_id"]) == (["tool"], "m", "r")


@pytest.mark.parametrize("value", [None, "", 0, [], {}, "{", {"choices": 1}, {"generations": [1]}, {"content": None}])
def test_what_is_no_answer_says_nothing(value: Any) -> None:
    """It raises nothing, and makes nothing up."""
    assert not any(answered(value).get(name) for name in ("response_id", "finish_reasons", "input_tokens"))
    assert asked(value).get("request_params") is None


@pytest.mark.parametrize("text", ['{"answer":   "yes"}', '{"content": "x", "title": "a book"}', '{"output": "x"}'])
def test_an_answer_that_is_json_of_its_own_stays_as_it_was_sent(text: str) -> None:
    """Only what an API gives back is taken apart."""
    said = answered(text)["output_messages"]
    assert said.value == [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]


def test_a_bare_message_keeps_all_that_was_answered() -> None:
    """A refusal, a call in the old form, thoughts and a spoken answer stand beside the content."""
    refused = answered({"role": "assistant", "content": None, "refusal": "I cannot help"})
    assert refused["output_messages"].value[0]["parts"] == [{"type": "text", "content": "I cannot help"}]
    called = answered({"role": "assistant", "content": None, "function_call": {"name": "w", "arguments": "{}"}})
    assert called["output_messages"].value[0]["parts"][0]["type"] == "tool_call"
    for name in ("reasoning_content", "reasoning"):
        thought = answered({"role": "assistant", "content": "A", name: "hm"})
        assert thought["output_messages"].value[0]["parts"] == [
            {"type": "reasoning", "content": "hm"},
            {"type": "text", "content": "A"},
        ]
    spoken = answered({"choices": [{"message": {"role": "assistant", "audio": {"id": "a", "transcript": "said"}}}]})
    assert spoken["output_messages"].value[0]["parts"] == [{"type": "text", "content": "said"}]


def test_a_text_completion_is_an_answer() -> None:
    """Its choices have text and no message."""
    facts = answered({"id": "x", "choices": [{"index": 0, "text": "C", "finish_reason": "stop"}]})
    assert facts["output_messages"].value[0]["parts"] == [{"type": "text", "content": "C"}]
    assert facts["finish_reasons"] == ["stop"]


def test_a_response_that_was_cut_says_why() -> None:
    """OpenAI's responses have no finish reason otherwise."""
    facts = answered({"output": [{"role": "assistant", "content": "A"}], "incomplete_details": {"reason": "max"}})
    assert facts["finish_reasons"] == ["max"]


def test_a_message_in_an_object_of_its_own_is_the_answer() -> None:
    """As LangSmith's wrapper of Anthropic puts it."""
    said = {"id": "m", "role": "assistant", "content": [{"type": "text", "text": "A"}], "stop_reason": "end_turn"}
    facts = answered({"message": {**said, "usage": {"output_tokens": 5}}})
    assert (facts["response_id"], facts["finish_reasons"], facts["output_tokens"]) == ("m", ["end_turn"], 5)


def test_items_of_a_response_are_one_answer() -> None:
    """Thoughts stand first, and are no choice of their own; texts and calls follow."""
    items: list[dict[str, Any]] = [
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "T"}]},
        {"type": "message", "role": "assistant", "id": "msg", "content": [{"type": "output_text", "text": "A"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"n": 1}'},
    ]
    (said,) = answered({"id": "r", "output": items})["output_messages"].value
    assert (said["role"], said["id"]) == ("assistant", "msg")
    assert [part["type"] for part in said["parts"]] == ["reasoning", "text", "tool_call"]
    assert (said["parts"][1]["content"], said["parts"][2]) == ("A", CALL)
