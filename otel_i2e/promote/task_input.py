"""What the application was given, so that a task can be given it again.

A case's `input` is handed to the task as it is, so it must be what the application's own entry took:

1. The outermost `agent` or `chain` span above the failing one that recorded its input is the entry.
   What it was given is the case's input: text as text, a JSON object as that object, a list of messages
   as `{"messages": […]}`. `@observe` records arguments by name: a single argument gives its value, several
   give the object that a task is given back by name.
2. Without such a span there are only model calls. One user turn gives its text. More than one gives
   `{"messages": [{"role", "content"}, …]}`, ending with the user turn that was to be answered.

System instructions, tool calls and tool results are left out of a conversation: the release under
test brings its own prompt and calls its own tools again. A message with a part that is not text, such
as an image, keeps its `parts` as recorded.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, cast

from otel_i2e.models import Json, Span, text_of
from otel_i2e.semconv import I2E_SCOPE, INPUT_MIME_TYPE, MIME_TEXT

__all__ = ["conversation_of", "entry_of", "first_call", "input_of"]

_ENTRY_KINDS: Final = ("agent", "chain")
_LOOP_PARTS: Final = ("text", "reasoning", "tool_call", "tool_call_response")


def input_of(span: Span, trace: Sequence[Span]) -> str | Json | None:
    """The input that the application was given when `span` failed; None when none was recorded."""
    entry = entry_of(span, trace)
    if entry is not None:
        return _of_messages(entry) or _recorded(entry)
    call = span if span.input_messages else first_call(trace)
    return (_of_messages(call) if call is not None else None) or span.input_text or None


def entry_of(span: Span, trace: Sequence[Span]) -> Span | None:
    """The outermost span at or above `span` that is an application's own function with its input recorded."""
    by_id = {one.span_id: one for one in trace}
    entry: Span | None = None
    seen: set[str] = set()
    above: Span | None = span
    while above is not None and above.span_id not in seen:
        seen.add(above.span_id)
        if above.kind in _ENTRY_KINDS and (above.input_text or above.input_messages):
            entry = above
        above = by_id.get(above.parent_span_id or "")
    return entry


def first_call(trace: Sequence[Span]) -> Span | None:
    """The first model call of the trace that recorded its messages, duplicates left out."""
    calls = (one for one in trace if one.kind == "llm" and one.duplicate_of is None and one.input_messages)
    return next(calls, None)


def conversation_of(messages: Sequence[Json] | None) -> list[Json]:
    """The turns up to the last one of the user: `{"role", "content"}`, or `{"role", "parts"}` when not all is text."""
    turns = [turn for message in messages or () if (turn := _turn(message)) is not None]
    while turns and turns[-1]["role"] != "user":
        turns.pop()
    return turns


def _turn(message: Json) -> Json | None:
    role = message.get("role")
    if role not in ("user", "assistant"):
        return None
    parts: Any = message.get("parts")
    kinds = {part.get("type") for part in cast("list[Json]", parts)} if isinstance(parts, list) else set[Any]()
    if not kinds <= set(_LOOP_PARTS):
        return {"role": role, "parts": parts}
    text = text_of([message])
    return {"role": role, "content": text} if text else None


def _of_messages(span: Span) -> str | Json | None:
    turns = conversation_of(span.input_messages)
    if len(turns) > 1 or (turns and "parts" in turns[0]):
        return {"messages": turns}
    return turns[0]["content"] if turns else None


def _recorded(entry: Span) -> str | Json:
    text = entry.input_text or ""
    if (entry.attributes or {}).get(INPUT_MIME_TYPE) == MIME_TEXT or text[:1] not in "{[":
        return text
    try:
        value: Any = json.loads(text)
    except ValueError:
        return text
    if entry.scope_name == I2E_SCOPE and isinstance(value, dict) and len(cast("Json", value)) == 1:
        (only,) = cast("Json", value).values()
        return _as_input(only) or cast("Json", value)
    return _as_input(value) or text


def _as_input(value: Any) -> str | Json | None:
    """Text and objects as they are, a list of messages as a conversation; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return cast("Json", value)
    items = cast("list[Any]", value) if isinstance(value, list) else []
    if items and all(isinstance(item, dict) and "role" in item for item in items):
        return {"messages": items}
    return None
