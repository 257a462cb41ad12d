"""pydantic-ai's own messages, as `part_kind` tells their parts, read in `pydantic-ai-slim` 2.68 and seen on the wire.

{"kind": "request", "instructions", "parts": [{"part_kind": "system-prompt" | "user-prompt" | "tool-return", …}]}
{"kind": "response", "parts": [{"part_kind": "text" | "thinking" | "tool-call", …}], "usage", "model_name", …}
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final

from otel_i2e.normalize.dialect import Facts
from otel_i2e.normalize.messages import Content, instructions, tool_definitions
from otel_i2e.normalize.or_empty import object_or_empty, objects_in
from otel_i2e.normalize.parts import canonical_part, text_part, tool_answer, tool_call_part
from otel_i2e.normalize.payloads import params
from otel_i2e.normalize.raw import Json, is_list, is_object
from otel_i2e.normalize.readers import count, text, words

__all__ = ["are_pydantic_ai", "pydantic_ai_answered", "pydantic_ai_asked"]

_LONGEST_BYTES: Final = 20_000_000
_MEDIA: Final = frozenset({"image-url", "audio-url", "video-url", "document-url"})


def are_pydantic_ai(messages: Any) -> bool:
    """Whether every message has parts that say their `part_kind`."""
    listed = messages if is_list(messages) else [messages]
    return bool(listed) and all(map(_is_message, listed))


def _is_message(message: Any) -> bool:
    parts: Any = message.get("parts") if is_object(message) else None
    return is_list(parts) and bool(parts) and all(is_object(part) and "part_kind" in part for part in parts)


def pydantic_ai_asked(request: Json) -> Facts:
    """What a model was asked: `messages`, `model_settings` and `model_request_parameters`."""
    sent = objects_in(request.get("messages"))
    told = [message["instructions"] for message in sent if message.get("instructions")]
    offered = object_or_empty(request.get("model_request_parameters"))
    tools = [*objects_in(offered.get("function_tools")), *objects_in(offered.get("output_tools"))]
    said = [spoken for message in sent for spoken in _spoken(message)]
    conversations = [message["conversation_id"] for message in sent if message.get("conversation_id")]
    return {
        "input_messages": Content(said) if said else None,
        "system_instructions": instructions(told[-1]) if told else None,
        "tool_definitions": tool_definitions(list(map(_tool, tools))),
        "request_params": params(object_or_empty(request.get("model_settings"))),
        "conversation_id": text(conversations[-1]) if conversations else None,
    }


def pydantic_ai_answered(response: Json) -> Facts:
    """What a model answered: one message of kind `response`."""
    said = _spoken(response)
    used, details = object_or_empty(response.get("usage")), object_or_empty(response.get("provider_details"))
    thought = count(used.get("output_reasoning_tokens"))
    return {
        "output_messages": Content(said) if said else None,
        "finish_reasons": words(details.get("finish_reason") or response.get("finish_reason")),
        "response_model": text(response.get("model_name")),
        "response_id": text(response.get("provider_response_id")),
        "input_tokens": count(used.get("input_tokens")),
        "output_tokens": count(used.get("output_tokens")),
        "cache_read_tokens": count(used.get("cache_read_tokens")),
        "cache_write_tokens": count(used.get("cache_write_tokens")),
        "reasoning_tokens": count(object_or_empty(used.get("details")).get("reasoning_tokens")) or thought,
    }


def _tool(tool: Json) -> Json:
    schema = tool.get("parameters_json_schema")
    return {"name": tool.get("name"), "description": tool.get("description"), "parameters": schema}


def _spoken(message: Json) -> list[Json]:
    """The message, or one for each who speaks in it."""
    spoken: list[Json] = []
    for part in objects_in(message.get("parts")):
        role, read = _PARTS.get(str(part.get("part_kind")), ("", _as_it_is))
        if role == "tool" and part.get("tool_name") is None:  # what failed was no tool's run but the answer
            role, read = "user", _prompt
        role = role or ("assistant" if message.get("kind") == "response" else "user")
        if not spoken or spoken[-1]["role"] != role:
            spoken.append({"role": role, "parts": []})
        spoken[-1]["parts"] += read(part)
    return spoken


def _as_it_is(part: Json) -> list[Json]:
    return [{**part, "type": str(part.get("part_kind"))}]


def _prompt(part: Json) -> list[Json]:
    """Text, or a list of texts and files."""
    given = part.get("content")
    return [_content(one) for one in given] if is_list(given) else [text_part(text(given) or "")]


def _content(given: Any) -> Json:
    kind = given.get("kind") if is_object(given) else None
    if kind in _MEDIA:
        media_type = given.get("media_type") or given.get("_media_type")
        return canonical_part({**given, "type": kind, "media_type": media_type})
    if kind == "binary":
        part = canonical_part({**given, "type": "binary"})
        return part if (found := _printed_bytes(given.get("data"))) is None else _described(part, found)
    if kind == "text-content":
        return text_part(text(given.get("content")) or "")
    return canonical_part({**given, "type": kind} if kind else given)


def _printed_bytes(data: Any) -> bytes | None:
    """Bytes that were sent as Python prints them."""
    if isinstance(data, str) and data.startswith(("b'", 'b"')) and len(data) <= _LONGEST_BYTES:
        with suppress(ValueError, SyntaxError, MemoryError):
            found = literal_eval(data)
            return found if isinstance(found, bytes) else None
    return None


def _described(blob: Json, content: bytes) -> Json:
    """A blob by its size and hash: what was printed stays among the attributes, and need not stand here too."""
    rest = {name: value for name, value in blob.items() if name != "content"}
    return {**rest, "bytes": len(content), "sha256": sha256(content).hexdigest()}


def _thought(part: Json) -> list[Json]:
    return [canonical_part({**part, "type": "thinking"})]


def _call(part: Json) -> list[Json]:
    return [tool_call_part(part.get("tool_call_id"), part.get("tool_name"), part.get("args"))]


def _return(part: Json) -> list[Json]:
    failed = part.get("outcome", "success") != "success" or part.get("part_kind") == "retry-prompt"
    answer = tool_answer(part.get("content"))
    failure = {"is_error": True} if failed else {}
    return [{"type": "tool_call_response", "id": part.get("tool_call_id"), "response": answer, **failure}]


def _file(part: Json) -> list[Json]:
    return [_content(part.get("content"))]


_PARTS: Final[dict[str, tuple[str, Callable[[Json], list[Json]]]]] = {
    "system-prompt": ("system", _prompt),
    "user-prompt": ("user", _prompt),
    "retry-feedback": ("user", _prompt),
    "tool-return": ("tool", _return),
    "retry-prompt": ("tool", _return),
    "text": ("assistant", _prompt),
    "thinking": ("assistant", _thought),
    "tool-call": ("assistant", _call),
    "builtin-tool-call": ("assistant", _call),
    "builtin-tool-return": ("assistant", _return),
    "file": ("assistant", _file),
}
"""`part_kind` → who speaks, and how it is read."""
