"""Text that a row holds twice is stored once.

Emitters put messages into span attributes as JSON inside of JSON; normalizing gives the same text a
column of its own, and the plain text inside of it another. So most bytes of an LLM span come three
times. Here the copies are replaced by marks, `"@i2e:input_messages"`, and the view `spans` puts the
text back: half the CPU of an insert and two thirds of the bytes are saved. Attributes come as the object
that was sent, so a copy in them is found by comparing values; in messages, whose text is kept byte for
byte, it is looked for in the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from otel_i2e.models import Json, SpanRow
from otel_i2e.models.json_text import dumps, is_object, loads_as_python

__all__ = ["MARKED", "packed", "unpacked"]

_CONTENT: Final = (
    "system_instructions",
    "input_messages",
    "output_messages",
    "tool_definitions",
    "input_text",
    "output_text",
    "documents",
    "tool_arguments",
    "tool_result",
)
MARKED: Final[dict[str, tuple[str, ...]]] = {
    "attributes": _CONTENT,
    "input_messages": ("input_text",),
    "output_messages": ("output_text",),
}
"""Column → the columns whose text may be marked in it. The view `spans` knows the same."""
_MARK_BEGINS: Final = '"@i2e:'
_MARKS: Final = {name: f"@i2e:{name}" for name in _CONTENT}
_MARKED_BY: Final = {mark: name for name, mark in _MARKS.items()}
_MESSAGES: Final = (("input_messages", "input_text"), ("output_messages", "output_text"))
_SHORTEST: Final = 64  # a mark is not much shorter than less text than this
_BEFORE: Final = ('"content":', '"content": ')
"""What stands before a text in messages. In a string its quotes would be escaped, so a string begins behind it."""
_HEAD: Final = 48  # a short beginning is found much faster than a long text

Marks = dict[str, str]
"""Text → the mark that stands for it."""


def packed(row: SpanRow) -> dict[str, Any]:
    """A copy of `row` for the table `span_rows`, attributes as text; marks only where they can be undone."""
    sent = row["attributes"]
    out = {**row, "packed": False}
    marks = {text: mark for name, mark in _MARKS.items() if (text := row[name]) is not None and len(text) >= _SHORTEST}
    short = _short_columns(row, sent, marks) if marks else None
    if short is not None:
        out.update(short)
        out["packed"] = True
    else:
        out["attributes"] = _text(sent)
    return out


def unpacked(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table `span_rows` with its text back: what the view `spans` shows, in a third of its time.

    Attributes that had marks in them are an object then, not its text.
    """
    out = dict(row)
    if not out.pop("packed", False):
        return out
    for place, name in _MESSAGES:
        mark = f'"{_MARKS[name]}"'
        if (text := out[place]) is not None and mark in text:
            out[place] = text.replace(mark, dumps(out[name]))
    sent = None if out["attributes"] is None else loads_as_python(out["attributes"])
    if is_object(sent):
        out["attributes"] = {key: out[_MARKED_BY[one]] if _is_mark(one) else one for key, one in sent.items()}
    return out


def _is_mark(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@i2e:") and value in _MARKED_BY


def _short_columns(row: SpanRow, sent: Any, marks: Marks) -> Mapping[str, str | None] | None:
    """The columns that hold marks; None when there is none, or a column holds something that looks like one."""
    short = _short_messages(row, marks)
    if short is None:
        return None
    marked, found = _marked(sent, marks) if is_object(sent) else (sent, 0)
    text = _text(marked)
    if (text is not None and text.count(_MARK_BEGINS) != found) or not (short or found):
        return None
    return {**short, "attributes": text}


def _short_messages(row: SpanRow, marks: Marks) -> dict[str, str | None] | None:
    short: dict[str, str | None] = {}
    for place, name in _MESSAGES:
        text, inner = row[place], row[name]
        if text is None:
            continue
        if inner in marks and (found := _cut(text, inner, f'"{_MARKS[name]}"')):
            short[place] = found
        elif _MARK_BEGINS in text:
            return None
    return short


def _marked(sent: Json, marks: Marks) -> tuple[Json, int]:
    """`sent` with marks in place of the texts in it, and how many. Texts inside of lists and objects are left."""
    changed = {key: mark for key, value in sent.items() if type(value) is str and (mark := marks.get(value))}
    return ({**sent, **changed}, len(changed)) if changed else (sent, 0)


def _cut(text: str, inner: str, mark: str) -> str | None:
    """The JSON text of messages with `mark` for each `inner`; None without any, or with what looks like one."""
    needle = _escaped(inner)
    if needle is None:
        return None
    head, marks = needle[:_HEAD], 0
    at = text.find(head)
    while at >= 0:
        if text.endswith(_BEFORE, 0, at) and text.startswith(needle, at):
            text = text[:at] + mark + text[at + len(needle) :]
            marks += 1
        at = text.find(head, at + 1)
    return text if marks and text.count(_MARK_BEGINS) == marks else None


def _text(sent: Any) -> str | None:
    return sent if sent is None or isinstance(sent, str) else dumps(sent)


def _escaped(text: str) -> str | None:
    """`text` as a JSON string exactly as DuckDB's to_json writes it; None when that is not written the same."""
    try:
        escaped = orjson.dumps(text).decode()
    except TypeError:  # a lone surrogate
        return None
    return None if "\\u00" in escaped else escaped  # DuckDB writes control characters with upper-case digits
