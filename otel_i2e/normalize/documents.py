"""Retrieved documents, whoever spelled them → `{"id", "content", "score", "metadata", "uri"}`."""

from __future__ import annotations

import math
from typing import Any, Final

from otel_i2e.models.json_text import dumps, loads
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["document", "documents"]

_ID: Final = ("id", "document_id", "doc_id")
_CONTENT: Final = ("content", "text", "page_content", "document")
_SCORE: Final = ("score", "relevance_score")
_URI: Final = ("uri", "url", "source")
_METADATA: Final = "metadata"


def documents(value: Any) -> list[Json] | None:
    """A list of documents from JSON text or a structure, `{"documents": […]}` included; None when there are none."""
    if isinstance(value, str):
        try:
            value = loads(value)
        except ValueError:
            return None
    if is_object(value):
        value = value.get("documents", [value])
    return [document(item) for item in value] or None if is_list(value) else None


def document(item: Any) -> Json:
    """One document. What has no place of its own goes into `metadata`."""
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
