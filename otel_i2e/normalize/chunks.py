"""The chunks of a streamed answer → the answer that the API would have given in one piece.

Known are the chunks of OpenAI's chat completions and responses, and Anthropic's events. A stream that was left early
gives what had come until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.models.json_text import parse_if_json
from otel_i2e.normalize.or_empty import object_or_empty, text_or_empty
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["put_together"]

_GROWING: Final = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


def put_together(chunks: Sequence[Json]) -> Json | None:
    """An answer as `payloads.answered` reads it; None when no chunk is known."""
    kinds = {str(chunk.get("type", "")) for chunk in chunks}
    if any(is_list(chunk.get("choices")) for chunk in chunks):
        return _completion(chunks)
    if any(kind.startswith("content_block") or kind == "message_start" for kind in kinds):
        return _message(chunks)
    if any(kind.startswith("response.") for kind in kinds):
        return _response(chunks)
    return None


def _completion(chunks: Sequence[Json]) -> Json:
    """OpenAI's chat completions: one choice for each index."""
    choices: dict[str, Json] = {}
    answer: Json = {}
    for chunk in chunks:
        answer |= {name: chunk[name] for name in ("id", "model", "usage") if chunk.get(name)}
        listed: Any = chunk.get("choices")
        for choice in filter(is_object, listed if is_list(listed) else ()):
            _grow(choices.setdefault(str(choice.get("index")), _new_choice()), choice)
    for choice in choices.values():
        choice["message"]["tool_calls"] = list(choice["message"]["tool_calls"].values())
    return {**answer, "choices": list(choices.values())}


def _new_choice() -> Json:
    return {"message": {"role": "assistant", "content": "", "tool_calls": {}}, "finish_reason": None}


def _grow(choice: Json, chunk: Json) -> None:
    message: Json = choice["message"]
    choice["finish_reason"] = chunk.get("finish_reason") or choice["finish_reason"]
    delta = object_or_empty(chunk.get("delta"))
    message["content"] += text_or_empty(delta.get("content"))
    pieces: Any = delta.get("tool_calls")
    for piece in map(object_or_empty, pieces if is_list(pieces) else ()):
        begun = {"id": piece.get("id"), "function": {"name": "", "arguments": ""}}
        function: Json = message["tool_calls"].setdefault(str(piece.get("index")), begun)["function"]
        for name in function:
            function[name] += text_or_empty(object_or_empty(piece.get("function")).get(name))


def _message(chunks: Sequence[Json]) -> Json:
    """Anthropic's messages: blocks by index, and what `message_start` and `message_delta` say of the whole."""
    answer: Json = {"type": "message", "role": "assistant"}
    blocks: dict[str, Json] = {}
    counted: Json = {}
    for chunk in chunks:
        kind, delta = chunk.get("type"), object_or_empty(chunk.get("delta"))
        begun = object_or_empty(chunk.get("message"))
        answer |= {name: begun[name] for name in ("id", "model") if begun.get(name)}
        counted |= {**object_or_empty(begun.get("usage")), **object_or_empty(chunk.get("usage"))}
        if kind == "content_block_start":
            blocks[str(chunk.get("index"))] = dict(object_or_empty(chunk.get("content_block")))
        elif kind == "content_block_delta":
            _grow_block(blocks.setdefault(str(chunk.get("index")), {}), delta)
        elif kind == "message_delta" and delta.get("stop_reason"):
            answer["stop_reason"] = delta["stop_reason"]
    return {**answer, "content": [_ended(block) for block in blocks.values()], "usage": counted}


def _grow_block(block: Json, delta: Json) -> None:
    kind = str(delta.get("type"))
    if kind == "input_json_delta":
        block["partial"] = text_or_empty(block.get("partial")) + text_or_empty(delta.get("partial_json"))
    elif (name := _GROWING.get(kind)) is not None:
        block.setdefault("type", "text" if name == "text" else "thinking")
        block[name] = text_or_empty(block.get(name)) + text_or_empty(delta.get(name))


def _ended(block: Json) -> Json:
    """A block whose input came in pieces of JSON text."""
    if "partial" not in block:
        return block
    rest = {name: value for name, value in block.items() if name != "partial"}
    return {"type": "tool_use", **rest, "input": parse_if_json(block["partial"])}


def _response(chunks: Sequence[Json]) -> Json:
    """OpenAI's responses: the last whole one, or the text until the stream was left."""
    known: list[Json] = [found for chunk in chunks if is_object(found := chunk.get("response"))]
    last: Json = known[-1] if known else {}
    if last.get("output"):
        return last
    said = "".join(
        text_or_empty(chunk.get("delta")) for chunk in chunks if chunk.get("type") == "response.output_text.delta"
    )
    return {**last, "output": [{"role": "assistant", "content": said}] if said else []}
