"""What a structure is that came as JSON text: messages, blocks of one, or JSON that somebody wrote.

A prompt may be JSON, an answer often is: only what says who speaks, or which part of a message it is, is
taken apart; all else stays the text that was sent.
"""

from __future__ import annotations

from typing import Any, Final, TypeGuard

from otel_i2e.normalize.langchain import is_langchain
from otel_i2e.normalize.parts import is_known_part
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["are_blocks", "are_cut_messages", "are_messages", "is_message"]

_SPEAKERS: Final = frozenset({"user", "assistant", "system", "developer", "tool", "function", "model"})
_SAID: Final = frozenset({"parts", "content", "tool_calls", "tool_call_id", "function_call", "refusal"})
_BESIDE_CONTENT: Final = frozenset(
    {*("content", "type", "id", "refusal", "finish_reason", "stop_reason"), *("model", "usage", "created", "object")}
)
_LISTS: Final = ("messages", "choices", "generations")


def are_messages(value: Any) -> bool:
    """Whether `value` is messages or what holds them: a list, a request, an answer; or blocks of a message."""
    if is_object(value):
        return (
            any(_is_list_of_structures(value.get(name)) for name in _LISTS) or is_message(value) or is_known_part(value)
        )
    if not is_list(value) or not all(map(_is_message_or_block, value)):
        return False
    return any(map(is_message, value)) or any(map(is_known_part, value))


def are_cut_messages(value: Any) -> bool:
    """Whether what is left of cut text is messages beyond doubt: a text that ends too early may be an answer's own."""
    if is_object(value):
        return any(_is_list_of_structures(value.get(name)) for name in _LISTS) or _speaks(value)
    return is_list(value) and bool(value) and (_speaks(value[0]) or is_known_part(value[0]))


def is_message(value: Any) -> TypeGuard[Json]:
    """Whether an object says who speaks and what, or is the bare content of a message."""
    if not is_object(value):
        return False
    role = value.get("role")
    if isinstance(role, str):
        return role in _SPEAKERS or not _SAID.isdisjoint(value)
    if is_langchain(value):
        return True
    if any(is_list(value.get(name)) for name in ("parts", "tool_calls")) or is_object(value.get("function_call")):
        return True
    return "content" in value and (value.keys() <= _BESIDE_CONTENT or are_blocks(value["content"]))


def are_blocks(value: Any) -> bool:
    """Whether `value` is a part of a message, or a list of such of which one at least is of a kind that is known."""
    if is_object(value):
        return is_known_part(value)
    return is_list(value) and any(map(is_known_part, value)) and all(map(_is_message_or_block, value))


def _is_message_or_block(item: Any) -> bool:
    return is_message(item) or is_known_part(item) or (is_object(item) and isinstance(item.get("type"), str))


def _is_list_of_structures(value: Any) -> bool:
    return is_list(value) and bool(value) and all(is_object(item) or is_list(item) for item in value)


def _speaks(value: Any) -> bool:
    if not is_object(value):
        return False
    role = value.get("role")
    return is_langchain(value) or (isinstance(role, str) and (role in _SPEAKERS or is_list(value.get("parts"))))
