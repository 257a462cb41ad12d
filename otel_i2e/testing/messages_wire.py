"""How Anthropic's Messages API writes a reply: one JSON message, or server-sent events. Pure.

Shapes follow https://docs.claude.com/en/api/messages and …/messages-streaming.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from otel_i2e.testing.reply import Block, Failure, Reply, TextBlock, ThinkingBlock, ToolBlock

__all__ = ["error_body", "events", "message", "tokens_in"]

Json = dict[str, Any]
_DELTA_CHARS: Final = 16


def tokens_in(value: Any) -> int:
    """An estimate for text or JSON: four characters a token, at least one."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return max(1, len(text) // 4)


def message(reply: Reply, request: Json) -> Json:
    """The body of a 200 answer to `request`, not streamed."""
    return {
        **_envelope(reply, request),
        "content": [_whole_block(block) for block in reply.blocks],
        **_stop(reply),
        "usage": _usage(reply, request),
    }


def events(reply: Reply, request: Json) -> Iterator[bytes]:
    """The answer to `request` as server-sent events, one event at a time, up to the reply's ending."""
    usage = _usage(reply, request)
    start: Json = {**_envelope(reply, request), "content": [], "stop_reason": None, "stop_sequence": None}
    yield _event("message_start", message={**start, "usage": {**usage, "output_tokens": 1}})
    yield _event("ping")
    if reply.ending != "complete":
        yield from _broken_off(_content(reply), reply.ending_after)
        if reply.ending == "error":
            yield _event("error", error={"type": "overloaded_error", "message": "Overloaded"})
        return
    yield from _content(reply)
    cumulative = {key: usage[key] for key in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")}
    yield _event("message_delta", delta=_stop(reply), usage={**cumulative, "output_tokens": usage["output_tokens"]})
    yield _event("message_stop")


def _content(reply: Reply) -> Iterator[bytes]:
    for index, block in enumerate(reply.blocks):
        yield _event("content_block_start", index=index, content_block=_empty_block(block))
        for delta in _deltas(block):
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)


def _broken_off(content: Iterator[bytes], after: int) -> Iterator[bytes]:
    for event in content:
        is_delta = event.startswith(b"event: content_block_delta")
        if is_delta and after == 0:
            return
        after -= is_delta
        yield event


def error_body(failure: Failure, request_id: str) -> Json:
    """The body of an answer with an error status."""
    return {"type": "error", "error": {"type": failure.type, "message": failure.message}, "request_id": request_id}


def _envelope(reply: Reply, request: Json) -> Json:
    model = reply.model or request.get("model")
    return {"id": f"msg_{uuid4().hex[:24]}", "type": "message", "role": "assistant", "model": model}


def _stop(reply: Reply) -> Json:
    called = any(isinstance(block, ToolBlock) for block in reply.blocks)
    reason = reply.stop_reason or ("tool_use" if called else "end_turn")
    details = {"type": "refusal", "category": None, "explanation": None} if reason == "refusal" else None
    return {"stop_reason": reason, "stop_sequence": None, "stop_details": details}


def _usage(reply: Reply, request: Json) -> Json:
    tokens = reply.tokens
    prompt = [request.get(name) for name in ("system", "tools", "messages")]
    uncached = tokens.uncached_input
    if uncached is None:
        uncached = max(1, tokens_in(prompt) - tokens.cache_read - tokens.cache_write)
    output = tokens.output if tokens.output is not None else sum(map(_block_tokens, reply.blocks)) or 1
    return {
        "input_tokens": uncached,
        "output_tokens": output,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": tokens.cache_write, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    }


def _block_tokens(block: Block) -> int:
    if isinstance(block, ToolBlock):
        return tokens_in({"name": block.name, "input": dict(block.arguments)})
    return tokens_in(block.text)


def _whole_block(block: Block) -> Json:
    match block:
        case TextBlock(text):
            return {"type": "text", "text": text}
        case ThinkingBlock(text, signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case ToolBlock(name, arguments, id):
            return {"type": "tool_use", "id": id, "name": name, "input": dict(arguments)}


def _empty_block(block: Block) -> Json:
    empty: Json = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {key: empty.get(key, value) for key, value in _whole_block(block).items()}


def _deltas(block: Block) -> Iterator[Json]:
    match block:
        case TextBlock(text):
            yield from ({"type": "text_delta", "text": part} for part in _parts(text))
        case ThinkingBlock(text, signature):
            yield from ({"type": "thinking_delta", "thinking": part} for part in _parts(text))
            yield {"type": "signature_delta", "signature": signature}
        case ToolBlock(_, arguments, _):
            yield {"type": "input_json_delta", "partial_json": ""}
            text = json.dumps(dict(arguments), ensure_ascii=False)
            yield from ({"type": "input_json_delta", "partial_json": part} for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    return (text[at : at + _DELTA_CHARS] for at in range(0, len(text), _DELTA_CHARS))


def _event(type: str, **fields: Any) -> bytes:
    data = json.dumps({"type": type, **fields}, ensure_ascii=False)
    return f"event: {type}\ndata: {data}\n\n".encode()
