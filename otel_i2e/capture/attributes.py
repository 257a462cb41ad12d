"""Attributes on their way into OTLP bytes: every key with its value, cut to a limit, without content if so asked.

This is where the time of encoding goes, so the common cases are written out: text is encoded without
intermediate values, and short values that come again and again (a model's name, a status code) once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from otel_i2e.capture.content import is_content
from otel_i2e.capture.wire import Values, block, key_head, utf8, varint
from otel_i2e.semconv import I2E_CONTENT_CAPTURE, I2E_CONTENT_TRUNCATED

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_i2e.redact import Redactor

__all__ = ["Attributes", "Cut", "copied", "cut_by_sdk"]

Cut = dict[str, dict[str, Any]]
"""Of one span or record: attribute → size and SHA-256 of the value that was too long, or what the SDK left of it."""

_SHORT: Final = 40
"""Characters of text that is worth remembering."""
_REMEMBERED: Final = 4096


class Attributes:
    """Encodes attributes for one process. Not safe for threads."""

    def __init__(self, *, max_content_bytes: int, content: bool, redactor: Redactor | None = None) -> None:
        self._redactor = redactor
        self.keeps_content = content
        """Whether content is kept."""
        self._limit = max_content_bytes
        self._values = Values()
        self._known: dict[tuple[bytes, str, Any, Any], bytes] = {}

    def take_replaced(self) -> int:
        """Values that had to become text since the last call."""
        replaced, self._values.replaced = self._values.replaced, 0
        return replaced

    def encode(self, tag: bytes, attributes: Mapping[str, Any] | None, cut: Cut, *, place: str = "") -> bytes:
        """`attributes` as fields `tag` of type KeyValue; what is cut is noted in `cut` under `place` + key."""
        return b"".join(self.pieces(tag, attributes, cut, place=place)) if attributes else b""

    def pieces(self, tag: bytes, attributes: Mapping[str, Any], cut: Cut, *, place: str = "") -> list[bytes]:
        """What `encode` gives, not yet joined: long text is copied as rarely as can be."""
        known, limit = self._known, self._limit
        if self._redactor is not None:  # before anything is cut: half a secret would not be known for one
            attributes = self._redactor.attributes(attributes)
        pieces: list[bytes] = []
        for key, value in copied(attributes).items():
            if not self.keeps_content and is_content(key):
                continue
            kind = type(value)  # pyright: ignore[reportUnknownVariableType] -- any value
            if kind is str and len(value) > _SHORT:
                data = utf8(value)
                size = len(data)
                if size <= limit:
                    pieces += (_text_head(tag, key, size), data)
                    continue
            elif kind in _PLAIN:
                name = (tag, key, value, kind)
                found = known.get(name)
                if found is None:
                    found = self._remember(name, self._pair(tag, key, value, place, cut))
                pieces.append(found)
                continue
            pieces.append(self._pair(tag, key, value, place, cut))
        return pieces

    def text(self, text: str) -> bytes:
        """UTF-8 of a name or a message."""
        return utf8(text if self._redactor is None else self._redactor.text(text))

    def short_text(self, place: str, text: str, cut: Cut) -> bytes:
        """As `text`, of at most `max_content_bytes`; the size and hash of what was longer go to `cut[place]`."""
        data = self.text(text)
        if len(data) <= self._limit:
            return data
        _note(place, data, cut)
        return _whole_characters(data, self._limit)

    def body(self, value: Any, cut: Cut) -> bytes:
        """The body of a log record as an AnyValue; as `value`."""
        return self.value("body", value if self._redactor is None else self._redactor.value(value), cut)

    def value(self, place: str, value: Any, cut: Cut) -> bytes:
        """An AnyValue of at most `max_content_bytes`; the size and hash of what was longer go to `cut[place]`."""
        encoded = self._values.any_value(value)
        if len(encoded) <= self._limit:
            return encoded
        return self._shortened(place, value, encoded, cut)

    def marks(self, tag: bytes, cut: Cut) -> bytes:
        """The attributes that say what was cut or left out."""
        marks: dict[str, str] = {}
        if cut:
            marks[I2E_CONTENT_TRUNCATED] = json.dumps(cut, sort_keys=True)
        if not self.keeps_content:
            marks[I2E_CONTENT_CAPTURE] = "metadata"
        return b"".join([self._values.pair(tag, key, self._values.any_value(value)) for key, value in marks.items()])

    def _is_short_without_images(self, text: str) -> bool:
        from otel_i2e.blobs import lifted  # only for what is too long

        return len(utf8(lifted(text, lambda _digest, _data: None))) <= self._limit

    def _pair(self, tag: bytes, key: str, value: Any, place: str, cut: Cut) -> bytes:
        return self._values.pair(tag, key, self.value(place + key, value, cut))

    def _remember(self, name: tuple[bytes, str, Any, Any], encoded: bytes) -> bytes:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        if len(encoded) <= self._limit:  # what was cut must be noted each time
            self._known[name] = encoded
        return encoded

    def _shortened(self, place: str, value: Any, encoded: bytes, cut: Cut) -> bytes:
        whole = value if isinstance(value, bytes) else _as_text(value)
        if len(whole) <= self._limit:
            return encoded  # only the length in front of it is over the limit
        if isinstance(value, str) and self._is_short_without_images(value):
            return encoded  # ingest takes them out
        _note(place, whole, cut)
        if isinstance(value, bytes):
            return block(b"\x3a", whole[: self._limit])
        return block(b"\x0a", _whole_characters(whole, self._limit))


def _note(place: str, whole: bytes, cut: Cut) -> None:
    import hashlib

    cut[place] = {"bytes": len(whole), "sha256": hashlib.sha256(whole).hexdigest()}


_PLAIN: Final = frozenset((str, int, float, bool))


def copied(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A plain dict, the same one if it is; the SDK's own containers give one in one step."""
    if type(attributes) is dict:
        return cast("dict[str, Any]", attributes)
    copy = getattr(attributes, "copy", None)
    return copy() if copy is not None else dict(attributes or {})


def cut_by_sdk(span: ReadableSpan, attributes: Mapping[str, Any]) -> Cut:
    """Which values are as long as the SDK lets one be (OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT): it cuts without a word."""
    limit = getattr(getattr(span, "_attributes", None), "max_value_len", None)
    if limit is None:
        return {}
    return {key: {"characters": limit} for key, value in attributes.items() if _fills(value, limit)}


def _fills(value: Any, limit: int) -> bool:
    if isinstance(value, str):
        return len(value) >= limit
    return isinstance(value, list | tuple) and any(_fills(one, limit) for one in cast("Sequence[Any]", value))


def _text_head(tag: bytes, key: str, size: int) -> bytes:
    """What stands before `size` bytes of text in a KeyValue: as `Values.pair`, the lengths counted beforehand."""
    head = key_head(key)
    inner = varint(size)
    size += 1 + len(inner)
    outer = varint(size)
    return tag + varint(size + len(head) + 1 + len(outer)) + head + b"\x12" + outer + b"\x0a" + inner


def _as_text(value: Any) -> bytes:
    if isinstance(value, str):
        return utf8(value)
    try:
        return utf8(json.dumps(value, ensure_ascii=False, default=repr))
    except (TypeError, ValueError, RecursionError):  # keys that JSON cannot hold, or a value within itself
        return utf8(repr(value))


def _whole_characters(data: bytes, limit: int) -> bytes:
    while limit and data[limit] & 0xC0 == 0x80:  # the bytes of a character after its first are 10xxxxxx
        limit -= 1
    return data[:limit]
