"""Which inputs are the same, and what a case is called."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from otel_i2e.models import Json

__all__ = ["case_id", "input_key", "question_of"]

_MOST_WORDS: Final = 8
_MOST_CHARACTERS: Final = 48


def input_key(input: str | Json) -> str:
    """Equal for inputs that differ only in case, white space, Unicode form or the order of an object's keys.

    64 hex digits of SHA-256.
    """
    return hashlib.sha256(json.dumps(_normal(input), sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def case_id(input: str | Json, taken: Mapping[str, str]) -> str:
    """A readable id from the question: `can-i-return-a-laptop-after-90-days`.

    `taken` maps ids to input keys. An id that another input has gets the first digits of this input's
    key appended, so that the same failure is called the same whatever was promoted before it.
    """
    key = input_key(input)
    name = _slug(question_of(input)) or f"case-{key[:8]}"
    for digits in (0, 4, 8, 64):
        candidate = f"{name}-{key[:digits]}" if digits else name
        if taken.get(candidate, key) == key:
            return candidate
    raise AssertionError("two inputs with one SHA-256")  # pragma: no cover


def question_of(input: str | Json) -> str:
    """The words that stand for an input: the text, a conversation's last user turn, or an object's first text."""
    if isinstance(input, str):
        return input
    messages: Any = input.get("messages")
    if isinstance(messages, list):
        turns: list[Any] = [message for message in messages if isinstance(message, dict)]  # pyright: ignore[reportUnknownVariableType] -- JSON
        contents = [turn.get("content") for turn in turns if turn.get("role") == "user"]
        texts = [content for content in contents if isinstance(content, str)]
        if texts:
            return texts[-1]
    return next((value for value in input.values() if isinstance(value, str)), "")


def _slug(text: str) -> str:
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text[:1000]).casefold())
    slug = ""
    for word in words[:_MOST_WORDS]:
        longer = f"{slug}-{word}" if slug else word[:_MOST_CHARACTERS]
        if len(longer) > _MOST_CHARACTERS:
            break
        slug = longer
    return slug


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    if isinstance(value, dict):
        return {str(key): _normal(item) for key, item in value.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] -- JSON
    if isinstance(value, list):
        return [_normal(item) for item in value]  # pyright: ignore[reportUnknownVariableType] -- JSON
    return value
