"""How OpenAI's Chat Completions API writes a reply: one JSON object, or server-sent events. Pure.

Shapes follow https://platform.openai.com/docs/api-reference/chat. Reasoning text travels as `reasoning_content`,
as servers that give it in this API do; OpenAI itself gives none here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from otel_i2e.testing.messages_wire import tokens_in
from otel_i2e.testing.reply import Failure, Reply, TextBlock, ThinkingBlock, ToolBlock

__all__ = ["CREATED", "completion", "completion_events", "counts", "error_body", "pieces"]

Json = dict[str, Any]
CREATED: Final = 1_790_000_000
"""The `created` of every answer: seconds since the epoch, the same in every run."""
_DELTA_CHARS: Final = 16
_FINISH: Final = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls", "refusal": "content_filter"}


def completion(reply: Reply, request: Json) -> Json:
    """The body of a 200 answer to `request`, not streamed."""
    calls = [_call(block) for block in reply.blocks if isinstance(block, ToolBlock)]
    thought = "".join(block.text for block in reply.blocks if isinstance(block, ThinkingBlock))
    text = "".join(block.text for block in reply.blocks if isinstance(block, TextBlock))
    said: Json = {"role": "assistant", "content": text or None, "refusal": None, "annotations": []}
    said |= ({"reasoning_content": thought} if thought else {}) | ({"tool_calls": calls} if calls else {})
    choice: Json = {"index": 0, "message": said, "logprobs": None, "finish_reason": _finish(reply)}
    return {**_envelope(reply, request, "chat.completion"), "choices": [choice], "usage": _usage(reply, request)}


def completion_events(reply: Reply, request: Json) -> Iterator[bytes]:
    """The answer to `request` as server-sent events, up to the reply's ending."""
    envelope = _envelope(reply, request, "chat.completion.chunk")
    options: Json = request.get("stream_options") or {}
    asked_usage = bool(options.get("include_usage"))

    def chunk(delta: Json, finish: str | None = None) -> bytes:
        choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**envelope, "choices": [choice]} | ({"usage": None} if asked_usage else {}))

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    deltas = list(_deltas(reply))
    if reply.ending != "complete":
        yield from (chunk(delta) for delta in deltas[: reply.ending_after])
        if reply.ending == "error":
            yield _event(error_body(Failure(500, "server_error", "The server had an error")))
        return
    yield from (chunk(delta) for delta in deltas)
    yield chunk({}, _finish(reply))
    if asked_usage:
        yield _event({**envelope, "choices": [], "usage": _usage(reply, request)})
    yield b"data: [DONE]\n\n"


def error_body(failure: Failure) -> Json:
    """The body of an answer with an error status."""
    kind = "server_error" if failure.status >= 500 else failure.type
    code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(failure.status)
    return {"error": {"message": failure.message, "type": kind, "param": None, "code": code}}


def counts(reply: Reply, request: Json) -> tuple[int, int]:
    """All input and all output tokens: as scripted, or estimated from the text."""
    tokens = reply.tokens
    prompt = [request.get(name) for name in ("messages", "instructions", "input", "tools")]
    uncached = tokens.uncached_input
    if uncached is None:
        uncached = max(1, tokens_in(prompt) - tokens.cache_read - tokens.cache_write)
    said = [dict(block.arguments) if isinstance(block, ToolBlock) else block.text for block in reply.blocks]
    output = tokens.output if tokens.output is not None else sum(map(tokens_in, said)) or 1
    return uncached + tokens.cache_read + tokens.cache_write, output


def pieces(text: str) -> Iterator[str]:
    """`text` in the portions of a stream."""
    return (text[at : at + _DELTA_CHARS] for at in range(0, len(text), _DELTA_CHARS))


def _envelope(reply: Reply, request: Json, kind: str) -> Json:
    model = reply.model or request.get("model")
    return {
        "id": f"chatcmpl-{uuid4().hex[:24]}",
        "object": kind,
        "created": CREATED,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_local",
    }


def _finish(reply: Reply) -> str:
    called = any(isinstance(block, ToolBlock) for block in reply.blocks)
    reason = reply.stop_reason or ("tool_use" if called else "end_turn")
    return _FINISH.get(reason, reason)


def _usage(reply: Reply, request: Json) -> Json:
    prompt, output = counts(reply, request)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": reply.tokens.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reply.tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _call(block: ToolBlock) -> Json:
    arguments = json.dumps(dict(block.arguments), ensure_ascii=False)
    return {"id": block.id, "type": "function", "function": {"name": block.name, "arguments": arguments}}


def _deltas(reply: Reply) -> Iterator[Json]:
    index = -1
    for block in reply.blocks:
        match block:
            case TextBlock(text):
                yield from ({"content": piece} for piece in pieces(text))
            case ThinkingBlock(text):
                yield from ({"reasoning_content": piece} for piece in pieces(text))
            case ToolBlock():
                index += 1
                call = _call(block)
                arguments = call["function"]["arguments"]
                yield {"tool_calls": [{"index": index, **call, "function": {"name": block.name, "arguments": ""}}]}
                for piece in pieces(arguments):
                    yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _event(value: Json) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
