"""How a column is read from whatever was sent. A value that makes no sense says nothing: None, never an error."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.models.json_text import dumps, loads
from otel_i2e.normalize.dialect import Reader
from otel_i2e.normalize.documents import documents
from otel_i2e.normalize.messages import Content, content, instructions, messages, tool_definitions
from otel_i2e.normalize.parts import tool_answer
from otel_i2e.normalize.raw import is_list, is_object

__all__ = ["READERS", "amount", "answers", "count", "object_of", "small_count", "text", "tool_result", "words"]

_MOST: Final = 2**63


def text(value: Any) -> str | None:
    """Text; a number or structure as its JSON text. None when empty."""
    if type(value) is str:
        return value or None
    return None if value is None else dumps(value)


def count(value: Any) -> int | None:
    """A number of tokens or a repeat: a whole number of at least 0 that fits 64 bits, also given as text."""
    if type(value) is not int:
        if not isinstance(value, str | float):
            return None
        try:
            number = float(value)
            value = int(number)
        except (ValueError, OverflowError):
            return None
        if value != number:
            return None
    return value if 0 <= value < _MOST else None


def small_count(value: Any) -> int | None:
    """A whole number of at least 0 that fits 32 bits."""
    number = count(value)
    return number if number is not None and number < 2**31 else None


def amount(value: Any) -> float | None:
    """US dollars: a number of at least 0, also given as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < float("inf") else None


def words(value: Any) -> list[str] | None:
    """A list of words, given as a list, as JSON text of one, or as one word."""
    if isinstance(value, str) and value[:1] in ("[", '"'):
        try:
            value = loads(value)
        except ValueError:
            return [value]
    if isinstance(value, str):
        value = [value]
    if not is_list(value):
        return None
    return [word if isinstance(word, str) else dumps(word) for word in value if word is not None and word != ""] or None


def object_of(value: Any) -> dict[str, Any] | None:
    """An object, also given as JSON text."""
    if isinstance(value, str):
        try:
            value = loads(value)
        except ValueError:
            return None
    return value if is_object(value) and value else None


def answers(value: Any) -> Any:
    """Output messages: plain text is said by the assistant."""
    return messages(value, "assistant")


def tool_result(value: Any) -> Content | None:
    """What a tool gave back, unwrapped."""
    given = content(value)
    if given is None:
        return None
    unwrapped = tool_answer(given.value)
    return given if unwrapped is given.value else Content(unwrapped)


READERS: Final[dict[str, Reader]] = {
    "finish_reasons": words,
    "system_instructions": instructions,
    "input_messages": messages,
    "output_messages": answers,
    "tool_definitions": tool_definitions,
    "tool_arguments": content,
    "tool_result": tool_result,
    "documents": documents,
    "prompt_variables": object_of,
    "request_params": object_of,
    "input_tokens": count,
    "output_tokens": count,
    "cache_read_tokens": count,
    "cache_write_tokens": count,
    "reasoning_tokens": count,
    "cost_usd": amount,
    "repeat": small_count,
}
"""Column → how it is read; every other column is `text`."""
