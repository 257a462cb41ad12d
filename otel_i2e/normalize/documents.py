"""Retrieved documents, whoever spelled them → `{"id", "content", "score", "metadata", "uri"}`."""

from __future__ import annotations

import math
from typing import Any, Final

from otel_i2e.models.json_text import dumps, loads
from otel_i2e.normalize.cut_json import left_of
from otel_i2e.normalize.langchain import unwrapped
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["document", "documents", "merged"]

_ID: Final = ("id", "document_id", "doc_id")
_CONTENT: Final = ("content", "text", "page_content", "document")
_SCORE: Final = ("score", "relevance_score")
_URI: Final = ("uri", "url", "source")
_METADATA: Final = "metadata"


def documents(value: Any) -> list[Json] | None:
    """A list of documents from JSON text, also cut, or a structure, `{"documents": […]}` included; None without any."""
    value, _ = left_of(value)
    if is_object(value):
        value = value.get("documents", [value])
    return [document(item) for item in value] or None if is_list(value) else None


def document(item: Any) -> Json:
    """One document. What has no place of its own goes into `metadata`."""
    item = unwrapped(item)
    if not is_object(item):
        item = {"content": item}
    rest = dict(item)
    own, content, score, uri = (_take(rest, names) for names in (_ID, _CONTENT, _SCORE, _URI))
    metadata = _metadata(rest.pop(_METADATA, None))
    if own is None:
        own = metadata.get("id")
    if score is None:
        score = next((metadata[name] for name in _SCORE if name in metadata), None)
    return {
        "id": _text(own),
        "content": _text(content),
        "score": _number(score),
        "metadata": {**metadata, **rest},
        "uri": _text(uri),
    }


def merged(first: list[Json], other: list[Json]) -> list[Json] | None:
    """Two families' lists of the same documents as one, `first` believed where both tell; None when they are not.

    The same are documents with one id; where not all have an id of their own, those at one place of lists of one
    length.
    """
    mine, theirs = ({one["id"]: one for one in told if one["id"] is not None} for told in (first, other))
    if len(mine) == len(first) and len(theirs) == len(other):
        pairs = [(one, theirs[name]) for name, one in mine.items()] if mine.keys() == theirs.keys() else []
    else:
        pairs = list(zip(first, other, strict=True)) if len(first) == len(other) else []
    if not pairs or any(_differ(one, its) for one, its in pairs):
        return None
    return [_merged(one, its) for one, its in pairs]


def _differ(one: Json, other: Json) -> bool:
    return any(None not in (one[name], other[name]) and one[name] != other[name] for name in ("id", "content"))


def _merged(one: Json, other: Json) -> Json:
    told = {name: other[name] if one[name] is None else one[name] for name in ("id", "content", "score", "uri")}
    return {**one, **told, "metadata": {**other["metadata"], **one["metadata"]}}


def _take(rest: Json, names: tuple[str, ...]) -> Any:
    for name in names:
        if name in rest and (value := rest.pop(name)) is not None:
            return value
    return None


def _metadata(value: Any) -> Json:
    if isinstance(value, str):
        try:
            value = loads(value)
        except ValueError:
            return {_METADATA: value}
    if is_object(value):
        return value
    return {} if value is None else {_METADATA: value}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else dumps(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
