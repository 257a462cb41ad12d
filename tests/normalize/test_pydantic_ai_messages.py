"""pydantic-ai's own messages."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from otel_i2e.normalize.pydantic_ai_messages import are_pydantic_ai, pydantic_ai_answered, pydantic_ai_asked

ASKED: list[dict[str, Any]] = [
    {
        "kind": "request",
        "instructions": "first",
        "parts": [
            {"part_kind": "system-prompt", "content": "be kind"},
            {"part_kind": "user-prompt", "content": "weather?", "timestamp": "2026-11-30 03:37:36+00:00"},
        ],
    },
    {
        "kind": "response",
        "parts": [
            {"part_kind": "thinking", "content": "hm", "signature": "s"},
            {"part_kind": "tool-call", "tool_name": "f", "args": '{"city": "Zürich"}', "tool_call_id": "a"},
            {"part_kind": "tool-call", "tool_name": "f", "args": {"city": "Ōsaka"}, "tool_call_id": "b"},
        ],
    },
    {
        "kind": "request",
        "instructions": "also brief",
        "conversation_id": "c-1",
        "parts": [
            {
                "part_kind": "tool-return",
                "tool_name": "f",
                "content": "sunny",
                "tool_call_id": "a",
                "outcome": "success",
            },
            {"part_kind": "tool-return", "tool_name": "f", "content": "no", "tool_call_id": "b", "outcome": "retried"},
            {"part_kind": "retry-prompt", "tool_name": None, "content": "say more"},
        ],
    },
]


def test_a_request_has_who_said_what() -> None:
    """Consecutive parts of one speaker are one message; the instructions are those of the last request."""
    facts = pydantic_ai_asked({"messages": ASKED, "model_settings": {"temperature": 0.25, "timeout": 3}})
    said = facts["input_messages"].value
    assert [message["role"] for message in said] == ["system", "user", "assistant", "tool", "user"]
    assert said[2]["parts"] == [
        {"type": "reasoning", "content": "hm", "signature": "s"},
        {"type": "tool_call", "id": "a", "name": "f", "arguments": {"city": "Zürich"}},
        {"type": "tool_call", "id": "b", "name": "f", "arguments": {"city": "Ōsaka"}},
    ]
    assert said[3]["parts"] == [
        {"type": "tool_call_response", "id": "a", "response": "sunny"},
        {"type": "tool_call_response", "id": "b", "response": "no", "is_error": True},
    ]
    assert said[4]["parts"] == [{"type": "text", "content": "say more"}]
    assert facts["system_instructions"].value == [{"type": "text", "content": "also brief"}]
    assert (facts["request_params"], facts["conversation_id"]) == ({"temperature": 0.25}, "c-1")


def test_tools_to_call_and_to_answer_with_are_offered() -> None:
    """An output tool is how a structured answer is given."""
    schema = {"type": "object"}
    offered = {
        "function_tools": [{"name": "f", "description": "d", "parameters_json_schema": schema, "strict": None}],
        "output_tools": [{"name": "final_result", "description": None, "parameters_json_schema": schema}],
    }
    facts = pydantic_ai_asked({"messages": ASKED, "model_request_parameters": offered})
    assert facts["tool_definitions"].value == [
        {"name": "f", "description": "d", "parameters": schema},
        {"name": "final_result", "description": None, "parameters": schema},
    ]


def test_files_of_a_prompt_are_parts() -> None:
    """Bytes that were printed, as Python prints them, are told by size and hash."""
    content = [
        "see",
        {"kind": "binary", "data": "iVBORw0KGgo=", "media_type": "image/png"},
        {"kind": "binary", "data": "b'\\x89PNG\\r\\n\\x1a\\n'", "media_type": "image/png", "_identifier": None},
        {"kind": "image-url", "url": "https://example.com/a.png", "_media_type": None},
        {"kind": "text-content", "content": "well"},
    ]
    prompt = {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": content}]}
    text, image, printed, linked, more = pydantic_ai_asked({"messages": [prompt]})["input_messages"].value[0]["parts"]
    assert (text["content"], more) == ("see", {"type": "text", "content": "well"})
    assert image == {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "iVBORw0KGgo="}
    size, digest = 8, sha256(b"\x89PNG\r\n\x1a\n").hexdigest()
    assert printed == {**{k: v for k, v in image.items() if k != "content"}, "bytes": size, "sha256": digest}
    assert (linked["type"], linked["uri"]) == ("uri", "https://example.com/a.png")


def test_an_answer_is_whole() -> None:
    """The provider's finish reason is nearer to the truth than pydantic-ai's word for it."""
    answer = {
        "kind": "response",
        "parts": [{"part_kind": "text", "content": "Grüezi"}, {"part_kind": "new-kind", "content": "x"}],
        "usage": {"input_tokens": 9, "cache_read_tokens": 3, "output_tokens": 4, "output_reasoning_tokens": 2},
        "model_name": "m-1",
        "provider_response_id": "r",
        "provider_details": {"finish_reason": "tool_calls"},
        "finish_reason": "tool_call",
    }
    facts = pydantic_ai_answered(answer)
    (said,) = facts["output_messages"].value
    assert (said["role"], said["parts"][0]) == ("assistant", {"type": "text", "content": "Grüezi"})
    assert said["parts"][1]["content"] == "x"
    assert [facts[name] for name in ("response_model", "response_id", "finish_reasons")] == ["m-1", "r", ["tool_calls"]]
    counted = [facts[f"{name}_tokens"] for name in ("input", "cache_read", "output", "reasoning")]
    assert counted == [9, 3, 4, 2]


@pytest.mark.parametrize("value", [None, [], "x", {}, {"parts": []}, {"parts": [{"type": "text"}]}, [{"role": "user"}]])
def test_others_messages_are_told_apart(value: object) -> None:
    """Each part says its kind, or it is none of pydantic-ai's."""
    assert not are_pydantic_ai(value)
    assert are_pydantic_ai(ASKED)
