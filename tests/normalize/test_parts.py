"""Message parts in every spelling that is known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.normalize.parts import canonical_part, is_canonical_part, is_known_part, parse_arguments, tool_answer

CALL = {"type": "tool_call", "id": "1", "name": "f", "arguments": {"a": 1}}
ANSWER = {"type": "tool_call_response", "id": "1", "response": {"a": 1}}


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("hello", {"type": "text", "content": "hello"}),
        ({"type": "text", "text": "hello"}, {"type": "text", "content": "hello"}),
        ({"text": "hello"}, {"type": "text", "content": "hello"}),
        ({"type": "input_text", "text": "hello"}, {"type": "text", "content": "hello"}),
        ({"type": "output_text", "text": "hello"}, {"type": "text", "content": "hello"}),
        (
            {"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "reasoning", "content": "hm", "signature": "x"},
        ),
        (
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "x"}}},
            {"type": "reasoning", "content": "hm", "signature": "x"},
        ),
        ({"text": "hm", "thought": True}, {"type": "reasoning", "content": "hm"}),
        ({"type": "refusal", "refusal": "I can't."}, {"type": "text", "content": "I can't."}),
        (
            {"toolResult": {"toolUseId": "1", "status": "error", "content": [{"text": "no"}]}},
            {"type": "tool_call_response", "id": "1", "response": "no", "is_error": True},
        ),
        (
            {"file_data": {"file_uri": "gs://b/x.pdf", "mime_type": "application/pdf"}},
            {"type": "uri", "modality": "document", "mime_type": "application/pdf", "uri": "gs://b/x.pdf"},
        ),
        (
            {"type": "image_url", "image_url": {"url": "@@@langfuseMedia:type=image/png|id=a|source=bytes@@@"}},
            {
                "type": "uri",
                "modality": "image",
                "mime_type": "image/png",
                "uri": "@@@langfuseMedia:type=image/png|id=a|source=bytes@@@",
            },
        ),
        ({"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}, CALL),
        ({"type": "server_tool_use", "id": "1", "name": "f", "input": {"a": 1}}, CALL),
        ({"type": "tool_call", "id": "1", "name": "f", "arguments": '{"a": 1}'}, CALL),
        ({"type": "function", "id": "1", "function": {"name": "f", "arguments": '{"a":1}'}}, CALL),
        ({"type": "function_call", "call_id": "1", "name": "f", "arguments": '{"a":1}'}, CALL),
        (
            {**CALL, "anthropic_mcp_server_name": "s", "arguments": "{}"},
            {**CALL, "arguments": {}, "anthropic_mcp_server_name": "s"},
        ),
        ({"type": "tool_result", "tool_use_id": "1", "content": '{"a":1}'}, ANSWER),
        ({"type": "tool_call_response", "id": "1", "result": {"a": 1}}, ANSWER),
        ({"type": "tool_call_response", "id": "1", "response": [{"type": "text", "text": '{"a":1}'}]}, ANSWER),
        ({"type": "web_search_tool_result", "tool_use_id": "1", "content": {"a": 1}}, ANSWER),
        ({"type": "function_call_output", "call_id": "1", "output": '{"a": 1}'}, ANSWER),
        (
            {"type": "tool_result", "tool_use_id": "1", "content": "no", "is_error": True},
            {"type": "tool_call_response", "id": "1", "response": "no", "is_error": True},
        ),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
            {"type": "uri", "modality": "image", "mime_type": None, "uri": "https://x/y.png"},
        ),
        (
            {"type": "image_url", "image_url": "data:image/gif;base64,R0lG"},
            {"type": "blob", "modality": "image", "mime_type": "image/gif", "content": "R0lG"},
        ),
        (7, {"type": "unknown", "content": 7}),
        ({"novel": True}, {"novel": True, "type": "unknown"}),
    ],
)
def test_a_part_takes_the_spelling_of_the_conventions(sent: Any, canonical: dict[str, Any]) -> None:
    """OpenAI's, Anthropic's and older spellings become one."""
    assert canonical_part(sent) == canonical


@pytest.mark.parametrize(
    "part",
    [
        CALL,
        ANSWER,
        {"type": "text", "content": "x"},
        {"type": "reasoning", "content": "x"},
        {"type": "anthropic_image"},
        {"type": "server_tool_call", "id": "1", "server_tool_call": {}},
        {"type": "compaction", "id": "1", "content": "x"},
        {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
        {"type": "anything", "more": [1]},
    ],
)
def test_a_canonical_or_unknown_part_stays_as_it_is(part: dict[str, Any]) -> None:
    """Nothing is copied or lost, types from the future included."""
    assert is_canonical_part(part)
    assert canonical_part(part) is part


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["type", "text", "content", "function", "source", "image_url", "x"]),
                x | st.sampled_from(["text", "tool_call", "image", "function"]),
            )
        ),
        max_leaves=10,
    )
)
def test_any_value_becomes_a_part_that_stays(sent: Any) -> None:
    """Whatever is sent becomes an object with a type, and is canonical from then on."""
    part = canonical_part(sent)
    assert isinstance(part["type"], str)
    assert canonical_part(part) == part


def test_arguments_that_are_no_json_are_kept_as_text() -> None:
    """A model's broken JSON is what it said; an empty text is a call without arguments."""
    assert parse_arguments('{"a": 1') == '{"a": 1'
    assert parse_arguments("  ") == {}
    assert parse_arguments(None) is None


def test_a_tool_answer_of_several_blocks_stays_a_list() -> None:
    """Only a single text block is unwrapped, because joining would invent a text."""
    blocks = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert tool_answer(blocks) is blocks
    assert tool_answer([{"type": "text", "text": "42"}]) == "42"
    assert tool_answer([{"text": "42"}]) == "42"
    assert tool_answer([{"json": {"a": 1}}]) == {"a": 1}
    assert tool_answer([{"a": 1}]) == [{"a": 1}]


def test_arguments_that_were_encoded_twice_are_parsed() -> None:
    """A text that is no object stays one."""
    assert parse_arguments('"{\\"a\\": 1}"') == {"a": 1}
    assert parse_arguments('"{a"') == '"{a"'
    assert parse_arguments('"code"') == "code"


def test_bedrock_s_files_are_blobs_or_links() -> None:
    """An application's own object with a document is none."""
    part = canonical_part({"document": {"format": "pdf", "name": "n", "source": {"bytes": "JVBERi0="}}})
    assert part == {
        "type": "blob", "modality": "document", "mime_type": "application/pdf", "name": "n", "content": "JVBERi0=",
    }  # fmt: skip
    link = canonical_part({"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://v"}}}})
    assert (link["type"], link["mime_type"], link["uri"]) == ("uri", "video/mp4", "s3://v")
    assert not is_known_part({"document": {"id": 1, "content": "x"}})


def test_a_thought_of_the_responses_api_has_its_text() -> None:
    """Its own, or else its summary."""
    summary, own = [{"type": "summary_text", "text": "in short"}], [{"type": "reasoning_text", "text": "at length"}]
    assert canonical_part({"type": "reasoning", "summary": summary, "content": own})["content"] == "at length"
    assert canonical_part({"type": "reasoning", "summary": summary, "content": []})["content"] == "in short"


def test_gemini_s_parts_in_openai_s_clothes_are_read() -> None:
    """LangSmith's wrapper writes them so."""
    call = canonical_part({"type": "function_call", "function_call": {"id": "c", "name": "w", "arguments": {"a": 1}}})
    assert call == {"type": "tool_call", "id": "c", "name": "w", "arguments": {"a": 1}}
    back = canonical_part({"type": "function_response", "function_response": {"name": "w", "response": {"r": 1}}})
    assert (back["type"], back["response"]) == ("tool_call_response", {"r": 1})
