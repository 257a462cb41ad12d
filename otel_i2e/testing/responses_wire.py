"""How OpenAI's Responses API writes a reply: one JSON object, or server-sent events. Pure.

Shapes follow https://platform.openai.com/docs/api-reference/responses and …/responses-streaming.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from otel_i2e.testing.chat_wire import CREATED, counts, pieces
from otel_i2e.testing.reply import Block, Reply, TextBlock, ThinkingBlock, ToolBlock

__all__ = ["response", "response_events"]

Json = dict[str, Any]
_ECHOED: Final = ("instructions", "max_output_tokens", "metadata", "previous_response_id", "temperature", "top_p")


def response(reply: Reply, request: Json) -> Json:
    """The body of a 200 answer to `request`, not streamed."""
    return _response(reply, request, f"resp_{uuid4().hex}", [_item(block) for block in reply.blocks])


def response_events(reply: Reply, request: Json) -> Iterator[bytes]:
    """The answer to `request` as server-sent events, up to the reply's ending."""
    items = [_item(block) for block in reply.blocks]
    whole = _response(reply, request, f"resp_{uuid4().hex}", items)
    begun: Json = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    events += [event for index, item in enumerate(items) for event in _item_events(index, item)]
    if reply.ending != "complete":
        events = _broken_off(events, reply.ending_after)
        if reply.ending == "error":
            error: Json = {"code": "server_error", "message": "The server had an error"}
            events.append({"type": "response.failed", "response": {**begun, "status": "failed", "error": error}})
    else:
        kind = "response.incomplete" if whole["status"] == "incomplete" else "response.completed"
        events.append({"type": kind, "response": whole})
    for number, event in enumerate(events):
        data = json.dumps({**event, "sequence_number": number}, ensure_ascii=False)
        yield f"event: {event['type']}\ndata: {data}\n\n".encode()


def _response(reply: Reply, request: Json, id: str, output: list[Json]) -> Json:
    cut = reply.stop_reason == "max_tokens"
    prompt, completion = counts(reply, request)
    return {
        "id": id,
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": reply.model or request.get("model"),
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": request.get("tool_choice") or "auto",
        "tools": request.get("tools") or [],
        "reasoning": request.get("reasoning") or {"effort": None, "summary": None},
        "store": False,
        "text": {"format": {"type": "text"}},
        "truncation": "disabled",
        **{name: request.get(name) for name in _ECHOED},
        "usage": {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": reply.tokens.cache_read},
            "output_tokens": completion,
            "output_tokens_details": {"reasoning_tokens": reply.tokens.reasoning},
            "total_tokens": prompt + completion,
        },
    }


def _item(block: Block) -> Json:
    match block:
        case TextBlock(text):
            part: Json = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
            return {"id": _id("msg"), "type": "message", "role": "assistant", "status": "completed", "content": [part]}
        case ThinkingBlock(text):
            return {"id": _id("rs"), "type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}
        case ToolBlock(name, arguments, id):
            told = json.dumps(dict(arguments), ensure_ascii=False)
            call: Json = {"id": _id("fc"), "type": "function_call", "call_id": id, "name": name, "arguments": told}
            return {**call, "status": "completed"}


def _item_events(index: int, item: Json) -> Iterator[Json]:
    empty: Json = {"message": {"content": []}, "reasoning": {"summary": []}, "function_call": {"arguments": ""}}
    begun: Json = {**item, **empty[item["type"]]}
    if "status" in item:
        begun["status"] = "in_progress"
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    at: Json = {"item_id": item["id"], "output_index": index}
    match item["type"]:
        case "message":
            yield from _text_events(at, item["content"][0])
        case "reasoning":
            yield from _summary_events(at, item["summary"][0])
        case _:
            kind = "response.function_call_arguments"
            yield from ({"type": f"{kind}.delta", **at, "delta": piece} for piece in pieces(item["arguments"]))
            yield {"type": f"{kind}.done", **at, "name": item["name"], "arguments": item["arguments"]}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _text_events(at: Json, part: Json) -> Iterator[Json]:
    place: Json = {**at, "content_index": 0}
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    for piece in pieces(part["text"]):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}


def _summary_events(at: Json, part: Json) -> Iterator[Json]:
    place: Json = {**at, "summary_index": 0}
    yield {"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}}
    for piece in pieces(part["text"]):
        yield {"type": "response.reasoning_summary_text.delta", **place, "delta": piece}
    yield {"type": "response.reasoning_summary_text.done", **place, "text": part["text"]}
    yield {"type": "response.reasoning_summary_part.done", **place, "part": part}


def _broken_off(events: list[Json], after: int) -> list[Json]:
    deltas = [number for number, event in enumerate(events) if event["type"].endswith(".delta")]
    return events[: deltas[after]] if after < len(deltas) else events


def _id(prefix: str) -> str:
    return f"{prefix}_{uuid4().hex}"
