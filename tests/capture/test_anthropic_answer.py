"""Answers of the Messages API, whole and in part, as facts of a span."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from otel_i2e.capture.anthropic_answer import Answer, error_in, facts_of, message_in


def _sse(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


START: dict[str, Any] = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "usage": {
            "input_tokens": 5,
            "cache_read_input_tokens": 3,
            "cache_creation_input_tokens": 2,
            "cache_creation": {"ephemeral_1h_input_tokens": 1},
            "output_tokens": 1,
        },
    },
}


def _block(index: int, block: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


THINKING = _block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "hm"})
TEXT = _block(1, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in ("Hä", "llo")))
TOOL = _block(
    2,
    {"type": "tool_use", "id": "t1", "name": "look", "input": {}},
    *({"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"q": "', 'x"}')),
)
END: list[dict[str, Any]] = [
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]


def _read(body: bytes, **given: Any) -> tuple[Any, Any, bool]:
    answer = Answer(is_stream=True, **given)
    for start in range(0, len(body), 7):  # chunks end anywhere
        answer.add(body[start : start + 7])
    return message_in(answer)


def test_a_whole_stream_gives_every_part_and_the_usage() -> None:
    """Thinking, text and a tool call in order; cached tokens count as input; the stop reason is there."""
    message, error, complete = _read(_sse(START, *THINKING, {"type": "ping"}, *TEXT, *TOOL, *END))
    assert (error, complete) == (None, True)
    facts = facts_of(message, complete=complete, content=True)
    [output] = json.loads(facts.pop("gen_ai.output.messages"))
    assert output == {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "hm"},
            {"type": "text", "content": "Hällo"},
            {"type": "tool_call", "id": "t1", "name": "look", "arguments": {"q": "x"}},
        ],
        "finish_reason": "tool_use",
    }
    assert facts == {
        "gen_ai.response.id": "msg_1",
        "gen_ai.response.model": "claude",
        "gen_ai.usage.cache_read.input_tokens": 3,
        "gen_ai.usage.cache_write.input_tokens": 2,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 1,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 9,
        "anthropic.message.stop_reason": "tool_use",
    }


def test_a_stream_that_was_left_gives_what_was_read() -> None:
    """Text so far, a tool's input as far as it came, and no token count that is only a placeholder."""
    body = _sse(START, *TEXT, *TOOL[:-1])
    message, error, complete = _read(body[: body.rindex(b"data:") + 20])
    assert (error, complete) == (None, False)
    facts = facts_of(message, complete=complete, content=True)
    [output] = json.loads(facts["gen_ai.output.messages"])
    assert output["parts"][0] == {"type": "text", "content": "Hällo"}
    assert output["parts"][1]["arguments"] == '{"q": "'
    assert "finish_reason" not in output
    assert "gen_ai.usage.output_tokens" not in facts


def test_an_error_in_the_stream_is_given_beside_what_came_before() -> None:
    """The API's own type and message."""
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    message, error, complete = _read(_sse(START, *TEXT, overloaded))
    assert message["content"] == [{"type": "text", "text": "Hällo"}]
    assert error_in(error) == ("overloaded_error", "Overloaded")
    assert not complete


def test_without_content_there_are_no_messages() -> None:
    """Usage and identity stay."""
    message, _, complete = _read(_sse(START, *TEXT, *END))
    facts = facts_of(message, complete=complete, content=False)
    assert "gen_ai.output.messages" not in facts
    assert facts["gen_ai.usage.output_tokens"] == 9


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("GZIP ", gzip.compress), ("deflate", zlib.compress)]
)
def test_compressed_answers_are_read(encoding: str, pack: Any) -> None:
    """Also when they were left in the middle."""
    packed = pack(_sse(START, *TEXT * 50, *END))
    assert _read(packed, encoding=encoding)[2] is True
    message, _, complete = _read(packed[: len(packed) * 2 // 3], encoding=encoding)
    assert (message["id"], complete) == ("msg_1", False)


def test_an_encoding_that_nobody_can_undo_is_said() -> None:
    """The encoder counts it; the span goes without."""
    with pytest.raises(ValueError, match="rot13"):
        _read(b"x", encoding="rot13")


def test_an_answer_that_is_not_streamed_is_its_body() -> None:
    """A message, an error, or neither."""
    cases: list[tuple[bytes, Any]] = [
        (b'{"id": "msg_2", "content": []}', ({"id": "msg_2", "content": []}, None, True)),
        (b'{"type": "error", "error": {}}', (None, {"type": "error", "error": {}}, True)),
        (b"<html>", (None, None, False)),
        (b"[1]", (None, None, False)),
    ]
    for body, expected in cases:
        answer = Answer(is_stream=False)
        answer.add(body)
        assert message_in(answer) == expected


def test_blocks_that_are_not_known_keep_their_type() -> None:
    """As the SDK records them; results of server tools are answers to tool calls."""
    blocks = [
        {"type": "image"},
        {"type": "web_search_tool_result", "tool_use_id": "t", "content": [{"type": "x"}]},
        {"type": "server_tool_use", "id": "t", "name": "web_search", "input": {"q": 1}},
    ]
    facts = facts_of({"content": blocks}, complete=True, content=True)
    assert json.loads(facts["gen_ai.output.messages"])[0]["parts"] == [
        {"type": "anthropic_image"},
        {"type": "tool_call_response", "id": "t", "response": [{"type": "x"}]},
        {"type": "tool_call", "id": "t", "name": "web_search", "arguments": {"q": 1}},
    ]


def test_hostile_streams_do_no_harm() -> None:
    """Events of the wrong shape are passed over."""
    odd = b'data: {"type": "content_block_delta"}\ndata: {"type": "message_delta"}\ndata: 5\ndata: {"type": "error"}\n'
    message, error, complete = _read(odd + b"data: {{{\n\xff\xfe")
    assert (message, error, complete) == (None, {"type": "error"}, False)
    assert error_in({"type": "error"}) == ("error", '{"type": "error"}')


def test_an_endless_answer_is_kept_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The beginning stays."""
    monkeypatch.setattr("otel_i2e.capture.anthropic_answer._LIMIT", 10)
    answer = Answer(is_stream=False)
    for _ in range(5):
        answer.add(b"x" * 6)
    assert answer.text() == "x" * 12
