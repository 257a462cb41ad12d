"""LangChain's own JSON of messages, results and documents → plain objects, as OpenAI spells them.

An object is written as `{"lc": 1, "type": "constructor", "id": [..., "AIMessage"], "kwargs": {...}}`, or
only as its `kwargs`; a message says who speaks in `type`: `human`, `ai`, `system`, `tool`.
"""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.normalize.or_empty import object_or_empty
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["generations", "is_langchain", "plain_message", "unwrapped"]

_ROLES: Final = {
    "human": "user",
    "HumanMessageChunk": "user",
    "ai": "assistant",
    "AIMessageChunk": "assistant",
    "system": "system",
    "SystemMessageChunk": "system",
    "developer": "system",
    "tool": "tool",
    "ToolMessageChunk": "tool",
    "function": "function",
}
_CLASSES: Final = {
    "HumanMessage": "human",
    "AIMessage": "ai",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "FunctionMessage": "function",
}


def unwrapped(value: Any) -> Any:
    """What was constructed: its arguments; anything else as it is."""
    kwargs = value.get("kwargs") if is_object(value) and "lc" in value else None
    return kwargs if is_object(kwargs) else value


def is_langchain(value: Any) -> bool:
    """Whether `value` is one of its messages."""
    if not is_object(value):
        return False
    return "lc" in value or ("role" not in value and "content" in value and str(value.get("type")) in _ROLES)


def plain_message(value: Json) -> Json:
    """A message with `role`, `content`, `tool_calls` and `tool_call_id`; bookkeeping is left out."""
    said: Json = unwrapped(value)
    message: Json = {"role": _speaker(value, said), "content": said.get("content")}
    if thought := object_or_empty(said.get("additional_kwargs")).get("reasoning_content"):
        message["content"] = [{"type": "reasoning", "content": thought}, *_as_blocks(said.get("content"))]
    if calls := [*_listed(said.get("tool_calls")), *_listed(said.get("invalid_tool_calls"))]:
        message["tool_calls"] = [_call(call) for call in calls]
        if is_list(content := message["content"]):  # Anthropic's blocks repeat the calls
            message["content"] = [part for part in content if not (is_object(part) and part.get("type") == "tool_use")]
    message |= {name: said[name] for name in ("tool_call_id", "name") if said.get(name)}
    if said.get("status") == "error":
        message["is_error"] = True
    return message


def _listed(value: Any) -> list[Any]:
    return value if is_list(value) else []


def _as_blocks(content: Any) -> list[Any]:
    """What was said, as a list that more can stand in."""
    return content if is_list(content) else [content] if content else []


def _speaker(value: Json, said: Json) -> str:
    """The role that the message's `type` says; without one, its class or the role that it was given."""
    kind = said.get("type")
    if not isinstance(kind, str):
        path = value.get("id")
        kind = _CLASSES.get(str(path[-1]).removesuffix("Chunk")) if is_list(path) and path else None
    return _ROLES.get(str(kind)) or str(said.get("role") or "user")


def _call(call: Any) -> Any:
    if not is_object(call) or "args" not in call:
        return call
    return {"type": "tool_call", "id": call.get("id"), "name": call.get("name"), "arguments": call["args"]}


def generations(result: Json) -> list[Json]:
    """The choices of an `LLMResult`: messages with `finish_reason`, and what else a choice knows of the answer.

    Under `response_metadata` and `usage_metadata` each keeps what the provider said.
    """
    listed = result.get("generations")
    choices: list[Any] = listed[0] if is_list(listed) and listed and is_list(listed[0]) else []
    found: list[Json] = []
    for choice in choices:
        if is_object(choice):
            said: Any = unwrapped(choice.get("message"))
            if not is_object(said):
                said = {"type": "ai", "content": choice.get("text")}
            info: Any = choice.get("generation_info")
            metadata: Any = said.get("response_metadata")
            known: Json = {**(info if is_object(info) else {}), **(metadata if is_object(metadata) else {})}
            reason = known.get("finish_reason") or known.get("stop_reason")
            message = plain_message({"type": "ai", **said})
            if reason:
                message["finish_reason"] = reason
            found.append({"message": message, "metadata": known, "usage": said.get("usage_metadata")})
    return found
