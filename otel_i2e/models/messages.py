"""Reading messages: the text, the tool calls and the tool results in `role` + `parts` messages.

The shape is that of the JSON schemas of the OpenTelemetry generative-AI conventions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from otel_i2e.models._contract import Json

__all__ = ["last_text", "parts_of", "text_of"]


def parts_of(messages: Iterable[Json] | None, *, type: str | None = None, role: str | None = None) -> Iterator[Json]:
    """The parts of `messages` in order, of one `type` and of messages with one `role` when given."""
    for message in messages or ():
        if role is None or message.get("role") == role:
            yield from _parts(message, type)


def text_of(messages: Iterable[Json] | None, *, role: str | None = None) -> str | None:
    """The text parts joined by newlines; None when there are none."""
    texts = [
        str(part.get("content") or "")
        for message in messages or ()
        if role is None or message.get("role") == role
        for part in _parts(message, "text")
    ]
    return "\n".join(texts) if texts else None


def last_text(messages: list[Json] | None, *, role: str = "user") -> str | None:
    """The text of the last message with `role` that has any; None when none has."""
    for message in reversed(messages or []):
        if message.get("role") == role and (text := text_of([message])) is not None:
            return text
    return None


def _parts(message: Json, type: str | None) -> list[Json]:
    parts: Any = message.get("parts")
    if not isinstance(parts, list):
        return []
    return [part for part in parts if isinstance(part, dict) and (type is None or part.get("type") == type)]  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] -- JSON
