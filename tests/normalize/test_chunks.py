"""A streamed answer out of its chunks."""

from __future__ import annotations

from typing import Any

from otel_i2e.normalize.chunks import put_together
from otel_i2e.normalize.payloads import answered


def test_openai_chunks_are_an_answer() -> None:
    """Text and calls in pieces, two choices, the counts in the last chunk."""
    pieces = [{"id": "t1", "function": {"name": "f", "arguments": '{"a"'}}, {"function": {"arguments": ": 1}"}}]
    chunks: list[dict[str, Any]] = [
        {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": "He"}}]},
        {"choices": [{"index": 1, "delta": {"content": "Hi"}, "finish_reason": "stop"}]},
        *({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **piece}]}}]} for piece in pieces),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}},
    ]
    facts = answered(put_together(chunks))
    first, second = facts["output_messages"].value
    assert first["parts"] == [
        {"type": "text", "content": "He"},
        {"type": "tool_call", "id": "t1", "name": "f", "arguments": {"a": 1}},
    ]
    assert second["parts"] == [{"type": "text", "content": "Hi"}]
    assert (facts["response_id"], facts["response_model"], facts["input_tokens"]) == ("c", "m", 5)


def test_anthropic_events_are_a_message() -> None:
    """Thoughts, text and a call's input in pieces; the counts of the beginning and of the end."""
    chunks: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 5}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hel"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "lo"}},
        {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t1", "name": "f"}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a": '}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}},
    ]
    facts = answered(put_together(chunks))
    (said,) = facts["output_messages"].value
    assert said["parts"] == [
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "Hello"},
        {"type": "tool_call", "id": "t1", "name": "f", "arguments": {"a": 1}},
    ]
    assert (facts["input_tokens"], facts["output_tokens"], facts["finish_reasons"]) == (5, 3, ["tool_use"])


def test_openai_responses_end_whole_or_with_what_was_said() -> None:
    """The last event has the whole response; a stream that was left has its pieces of text."""
    begun: dict[str, Any] = {"type": "response.created", "response": {"id": "r", "model": "m", "output": []}}
    pieces: list[dict[str, Any]] = [{"type": "response.output_text.delta", "delta": piece} for piece in ("Hel", "lo")]
    left = answered(put_together([begun, *pieces]))
    assert left["output_messages"].value[0]["parts"] == [{"type": "text", "content": "Hello"}]
    assert left["response_id"] == "r"
    said: list[dict[str, Any]] = [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello, all"}]}
    ]
    whole = put_together([begun, *pieces, {"type": "response.completed", "response": {"id": "r", "output": said}}])
    assert answered(whole)["output_messages"].value[0]["parts"] == [{"type": "text", "content": "Hello, all"}]


def test_other_chunks_are_no_answer() -> None:
    """A chunk is whatever the application streamed."""
    assert put_together([{"x": 1}, {"choices": 1}]) is None
    assert put_together([]) is None
