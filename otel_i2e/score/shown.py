"""What a judge is shown of a subject: each field as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from otel_i2e.models import Document, Json, JudgeField, Subject, ToolCall, Turn, parts_of

__all__ = ["shown_text"]


def shown_text(subject: Subject, field: JudgeField) -> str | None:
    """The field as text for a judge; None when the subject does not have it."""
    value = getattr(subject, field)
    if value is None or value in ([], {}):
        return _EMPTY.get(field)
    return _WRITERS.get(field, _text)(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _messages(messages: list[Json]) -> str:
    return "\n\n".join(f"{message.get('role', '?')}:\n{_parts(message)}" for message in messages)


def _parts(message: Json) -> str:
    return "\n".join(
        str(part.get("content") or "") if part.get("type") == "text" else _text(part) for part in parts_of([message])
    )


def _documents(documents: list[Document]) -> str:
    return "\n\n".join(f"[{doc.id or position}] {doc.content or ''}" for position, doc in enumerate(documents, 1))


def _tool_calls(calls: list[ToolCall]) -> str:
    return "\n".join(
        _text(call.model_dump(include={"name", "arguments", "result", "is_error"}, mode="json")) for call in calls
    )


def _conversation(turns: list[Turn]) -> str:
    return "\n\n".join(_turn(number, turn) for number, turn in enumerate(turns, 1))


def _turn(number: int, turn: Turn) -> str:
    tools = [f"tool calls:\n{_tool_calls(list(turn.tool_calls))}"] if turn.tool_calls else []
    answer = turn.output if turn.output is not None else f"(the turn failed: {turn.error})"
    return "\n".join([f"turn {number}, user:\n{turn.input}", *tools, f"assistant:\n{answer}"])


_WRITERS: Final[dict[str, Callable[[Any], str]]] = {
    "messages": _messages,
    "documents": _documents,
    "tool_calls": _tool_calls,
    "conversation": _conversation,
}
_EMPTY: Final[dict[str, str]] = {"documents": "(none)", "tool_calls": "(none)"}
"""What is recorded as empty is shown as such."""
