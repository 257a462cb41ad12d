"""Base64 in JSON that its neighbours declare to be an image or a file, whatever its length.

    {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}          Anthropic
    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}  OpenAI
    {"type": "blob", "mime_type": "image/png", "content": "iVBORw0KGgo="}          OpenTelemetry

JSON inside of JSON, with its quotes escaped however often, reads alike; so do JSON that was cut, and the printed form
of a program's objects, which has single quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["LEAST", "PAYLOADS", "declared_type", "siblings"]

LEAST: Final = 16
"""Characters of base64; no file of any kind is shorter."""
PAYLOADS: Final = ("data", "content", "bytes", "base64", "b64_json", "image", "file_data", "result", "binary_content")
"""Names of the fields that hold base64."""
_NEAR: Final = 400
"""Characters before and after a value among which the other fields of its object are looked for."""
_DEEPEST: Final = 3
"""Levels of objects in a field beside."""
_PLAIN_QUOTES: Final = str.maketrans({"\\": None, "'": '"'})
_INNER: Final = re.compile(r"\{[^{}]*+\}")
_PARENT: Final = re.compile(r'"(\w+)"\s*:\s*$')
_FIELD: Final = re.compile(r'"(type|kind|media_type|mediaType|mime_type|mimeType|format)"\s*:\s*"([\w.+/-]{1,100})')
_MEDIA_TYPES: Final = ("media_type", "mediaType", "mime_type", "mimeType")
_BASE64: Final = frozenset({"base64", "b64_json", "file_data", "binary_content"})
"""Fields that hold nothing else."""
_BLOBS: Final = frozenset({"base64", "blob", "binary", "image_generation_call"})
"""Types of objects that hold base64 and nothing else."""
_MEDIA: Final = frozenset({"image", "audio", "video"})
_FILES: Final = re.compile(r"(?:image|audio|video|font)/[\w.+-]+|application/(?:pdf|zip|gzip|octet-stream|vnd\.\S+)")
"""Media types whose content is no text."""
_AUDIO: Final = {"input_audio": "audio", "audio": "audio"}
_HELD_IN: Final = {"data": {**_AUDIO, "inline_data": "", "inlineData": ""}, "bytes": {"source": ""}}
"""Field → names of the objects in which it is base64 → of what, when `format` says the rest."""


def declared_type(field: str, beside: Mapping[str, str], parent: str) -> str | None:
    """The media type of the base64 in `field`, empty when it is not known; None when nothing declares it a blob.

    `beside` has the texts of the other fields of its object, `parent` is the name of that object, or empty.
    """
    media_type = next((beside[name] for name in _MEDIA_TYPES if beside.get(name)), "")
    kind, of = beside.get("type", beside.get("kind", "")), beside.get("format", "")
    if _is_declared(field, kind, media_type) and (field != "result" or kind == "image_generation_call"):
        return media_type
    if field in _HELD_IN and parent in _HELD_IN[field]:
        return f"{_HELD_IN[field][parent]}/{of}" if of and _HELD_IN[field][parent] else media_type
    return None


def _is_declared(field: str, kind: str, media_type: str) -> bool:
    return (
        field in _BASE64
        or kind in _BLOBS
        or _FILES.fullmatch(media_type) is not None
        or (kind in _MEDIA and field in ("data", "image"))
    )


def siblings(text: str, begin: int, end: int) -> tuple[dict[str, str], str]:
    """The fields that say what kind of thing the object around `text[begin:end]` is, and the name of that object."""
    before = _without_objects(text[max(0, begin - _NEAR) : begin])
    after = _without_objects(text[end : end + _NEAR])
    opened = before.rfind("{")
    parent = _PARENT.search(before, 0, max(0, opened))
    own = before[opened + 1 :] + " " + after.partition("}")[0]
    return {found[1]: found[2] for found in _FIELD.finditer(own)}, parent[1] if parent is not None else ""


def _without_objects(text: str) -> str:
    """With plain quotes, and without whole objects, which are those of other fields."""
    text = text.translate(_PLAIN_QUOTES)
    for _ in range(_DEEPEST):
        text = _INNER.sub("", text)
    return text
