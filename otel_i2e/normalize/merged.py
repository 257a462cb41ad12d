"""Merging, the rule: the columns of the kept row to which another telling of the call adds, and what they become.

Pure; `workflows/merging.py` keeps the result. Which rows tell the call itself, and which wrap it, is known where they
are linked (`duplicates.py`). A column that the kept row lacks altogether is filled by the view `llm_calls`, from
wrappers too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final

from otel_i2e.models import SpanRow
from otel_i2e.models.json_text import dumps, loads
from otel_i2e.normalize.joined_messages import joined
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["MERGED", "merged"]

_TEXTS: Final = ("system_instructions", "input_text", "output_text")


def merged(kept: SpanRow, twins: Sequence[SpanRow]) -> dict[str, Any]:
    """Column → value of the columns of `kept` that change by what `twins` tell of the same call; the order is theirs.

    Where the kept row was cut or hidden and a twin was not, the twin's content stands in its place.
    """
    whole = next((row for row in twins if _is_fuller(row, kept)), kept)
    told = [whole, *(row for row in (kept, *twins) if row is not whole)]
    found = {name: _joined(name, told, join) for name, join in _JOINS.items()}
    if whole is not kept:
        found |= {name: whole[name] for name in (*_TEXTS, "content_state")}
    return {name: value for name, value in found.items() if value is not None and value != kept[name]}


def _is_fuller(row: SpanRow, kept: SpanRow) -> bool:
    """Whether a row has content in full where the kept one's is not."""
    told = all(row[name] is not None or kept[name] is None for name in ("input_messages", "output_messages"))
    return row["content_state"] == "full" and kept["content_state"] in ("truncated", "redacted") and told


def _joined(name: str, told: Sequence[SpanRow], join: Callable[[Any, Any], Any]) -> str | None:
    """The column's JSON text, of one row itself where the others add nothing; None where only one has it."""
    texts = list(dict.fromkeys(row[name] for row in told if row[name] is not None))
    if len(texts) < 2:
        return None
    values = list(map(loads, texts))
    value = reduce(join, values)
    return next((text for text, one in zip(texts, values, strict=True) if one is value), None) or dumps(value)


def _messages(one: Any, other: Any) -> Any:
    return joined(one, other) if is_list(one) and is_list(other) else one


def _params(one: Any, other: Any) -> Any:
    if not is_object(one) or not is_object(other):
        return one
    more = {name: value for name, value in other.items() if value is not None and one.get(name) is None}
    return {**one, **more} if more else one


def _definitions(one: Any, other: Any) -> Any:
    """Tools of both, by name; of each, what only one knows."""
    if not is_list(one) or not is_list(other):
        return one
    known = {tool.get("name"): tool for tool in other if is_object(tool)}
    whole = [_definition(tool, known.get(tool.get("name"))) if is_object(tool) else tool for tool in one]
    named = {tool.get("name") for tool in one if is_object(tool)}
    more = [tool for name, tool in known.items() if name not in named]
    return one if not more and whole == one else [*whole, *more]


def _definition(tool: Json, other: Json | None) -> Json:
    more = {name: value for name, value in (other or {}).items() if value and not tool.get(name)}
    return {**tool, **more} if more else tool


_JOINS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "request_params": _params,
    "tool_definitions": _definitions,
    "input_messages": _messages,
    "output_messages": _messages,
}
MERGED: Final = (*_JOINS, *_TEXTS, "content_state")
"""Columns that may change."""
