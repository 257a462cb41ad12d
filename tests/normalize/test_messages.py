"""Messages, instructions and tool definitions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.normalize.messages import content, instructions, messages, tool_definitions

SAID = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]


def test_canonical_json_text_is_kept_to_the_letter() -> None:
    """What was sent in canonical form is stored as it was sent, spaces included."""
    sent = '[ {"role":"user", "parts":[{"type":"text","content":"hi"}], "name":null} ]'
    found = messages(sent)
    assert found is not None
    assert found.json() is sent


def test_escaped_letters_are_written_out() -> None:
    """Text that hides its letters behind escapes could not be searched, so it is written anew."""
    found = messages(json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Łódź"}]}]))
    assert found is not None
    assert "Łódź" in found.json()


CALL: dict[str, Any] = {"type": "tool_call", "id": "1", "name": "f", "arguments": {}}

SHAPES: list[tuple[Any, list[Any]]] = [
    ("hi", SAID),
    ({"role": "user", "content": "hi"}, SAID),
    ([{"role": "user", "content": [{"type": "text", "text": "hi"}]}], SAID),
    ({"model": "m", "messages": [{"role": "user", "content": "hi"}]}, SAID),
    (
        {"choices": [{"message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}]},
        [{"role": "assistant", "parts": [{"type": "text", "content": "yes"}], "finish_reason": "stop"}],
    ),
    (
        [{"role": "tool", "tool_call_id": "1", "content": '{"a": 1}'}],
        [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": {"a": 1}}]}],
    ),
    (
        [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": ""}}],
            }
        ],
        [{"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {}}]}],
    ),
    (
        [{"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": "{"}}],
        [{"role": "assistant", "parts": [{"type": "tool_call", "id": None, "name": "f", "arguments": "{"}]}],
    ),
    (
        [{"role": "assistant", "parts": [CALL], "tool_calls": [CALL, {**CALL, "id": "2"}]}],
        [{"role": "assistant", "parts": [CALL, {**CALL, "id": "2"}]}],
    ),
]


@pytest.mark.parametrize(("sent", "said"), SHAPES)
def test_every_shape_becomes_role_and_parts(sent: Any, said: list[Any]) -> None:
    """OpenAI's, Anthropic's and bare text, structured or as JSON text."""
    for given_as in (sent, json.dumps(sent) if not isinstance(sent, str) else sent):
        found = messages(given_as)
        assert found is not None
        assert found.value == said


def test_several_tool_results_in_one_message_all_stay() -> None:
    """None of the results of parallel calls is dropped."""
    results = [{"type": "tool_result", "tool_use_id": str(n), "content": f"r{n}"} for n in range(3)]
    found = messages([{"role": "user", "content": results}])
    assert found is not None
    assert [part["response"] for part in found.value[0]["parts"]] == ["r0", "r1", "r2"]


@pytest.mark.parametrize("nothing", [None, "", [], "[]", 7])
def test_nothing_is_none(nothing: Any) -> None:
    """No messages is no column, not an empty list."""
    assert messages(nothing) is None
    assert instructions(nothing) is None or nothing == 7
    assert tool_definitions(nothing) is None


def test_instructions_take_text_parts_or_blocks() -> None:
    """Plain text, Anthropic's blocks and the canonical parts give the same."""
    part = {"type": "text", "content": "Be brief."}
    for sent in ("Be brief.", [{"type": "text", "text": "Be brief."}], json.dumps([part]), ["Be brief."]):
        found = instructions(sent)
        assert found is not None
        assert found.value == [part]


def test_tool_definitions_take_every_providers_shape() -> None:
    """Anthropic's `input_schema`, AI SDK's `inputSchema`, OpenAI's nesting, JSON text of each."""
    schema = {"type": "object"}
    one = {"name": "f", "description": "d", "parameters": schema}
    for sent in (
        {"name": "f", "description": "d", "input_schema": schema},
        {"name": "f", "description": "d", "inputSchema": schema},
        {"type": "function", "function": one},
        json.dumps({"type": "function", "function": one}),
    ):
        found = tool_definitions([sent])
        assert found is not None
        assert found.value == [one]
    canonical = '[{"type":"function","name":"f","parameters":null}]'
    kept = tool_definitions(canonical)
    assert kept is not None
    assert kept.json() is canonical


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "role",
                        "parts",
                        "content",
                        "tool_calls",
                        "messages",
                        "choices",
                        "message",
                        "type",
                        "function_call",
                    ]
                ),
                x,
            )
        ),
        max_leaves=15,
    )
)
def test_any_value_is_read_without_an_error(value: Any) -> None:
    """Whatever an attribute holds, messages are objects with a role and a list of parts."""
    for read in (messages, instructions, tool_definitions, content):
        found = read(value)
        if found is not None:
            json.loads(found.json())
    said = messages(value)
    for message in said.value if said else ():
        assert isinstance(message["role"], str)
        assert all(isinstance(part, dict) for part in message["parts"])


def test_a_refusal_is_what_was_said() -> None:
    """OpenAI puts it beside content that is null."""
    said = messages([{"role": "assistant", "content": None, "refusal": "I can't."}])
    assert said is not None
    assert said.value[0]["parts"] == [{"type": "text", "content": "I can't."}]


def test_gemini_s_model_is_the_assistant() -> None:
    """Its roles are `user` and `model`."""
    said = messages([{"role": "model", "parts": [{"text": "Yes."}]}])
    assert said is not None
    assert said.value == [{"role": "assistant", "parts": [{"type": "text", "content": "Yes."}]}]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"question": "hi"}, '{"question":"hi"}'),
        (["hi"], "hi"),
        ({"type": "text", "text": "hi"}, "hi"),
        ([{"text": "hi"}], "hi"),
    ],
)
def test_a_structure_that_is_no_message_is_said_by_somebody(sent: Any, said: str) -> None:
    """An object as its JSON text, a list of texts and blocks as parts."""
    found = messages(sent)
    assert found is not None
    assert found.value == [{"role": "user", "parts": [{"type": "text", "content": said}]}]


@pytest.mark.parametrize(
    "text",
    [
        '{"answer":   "yes",  "n": 1.0}',
        '{"answer": "yes", "list": [1, 2',
        '{"content": "x", "title": "a book"}',
        '{"messages": 3}',
        '{"text": "x", "language": "en"}',
        "[1, 2, 3]",
        '["red", "blue"]',
        '[{"name": "Bob", "role": "admin"}]',
        '[{"name": "Bob", "role": "admin"',
        '[{"type": "car", "text": "x"}]',
        '  {"n": 1}',
    ],
)
def test_json_that_is_no_message_stays_the_text_that_was_sent(text: str) -> None:
    """A prompt may be JSON, an answer often is, and one that ended too early is not mended."""
    found = messages(text, "assistant")
    assert found is not None
    assert (found.value, found.cut) == ([{"role": "assistant", "parts": [{"type": "text", "content": text}]}], False)


@pytest.mark.parametrize(
    "text", ['{"rules":  ["be nice"]}', '{"rules": ["be', '["red"]', "[1]", '{"text": "x", "n": 1}']
)
def test_instructions_may_be_json_of_their_own(text: str) -> None:
    """They are what the model was told, to the letter."""
    told = instructions(text)
    assert told is not None
    assert (told.value, told.cut) == ([{"type": "text", "content": text}], False)


def test_integers_of_any_size_keep_their_digits() -> None:
    """In calls and results, whether structured or as JSON text in JSON text."""
    wei = 10**30 + 1
    call = {"id": "a", "type": "function", "function": {"name": "send", "arguments": json.dumps({"wei": wei})}}
    used = {"type": "tool_use", "id": "b", "name": "send", "input": {"wei": -wei}}
    sent = json.dumps([{"role": "assistant", "content": [used], "tool_calls": [call]}])
    found = messages(sent)
    assert found is not None
    parts = json.loads(found.json())[0]["parts"]
    assert [part["arguments"]["wei"] for part in parts] == [-wei, wei]


def test_json_in_json_is_whole() -> None:
    """Text that was encoded twice was not cut."""
    sent = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "x"}]}])
    whole, cut = messages(json.dumps(sent)), messages(sent[:-8])
    assert whole is not None
    assert cut is not None
    assert (whole.value[0]["parts"][0]["content"], whole.cut, cut.cut) == ("x", False, True)
