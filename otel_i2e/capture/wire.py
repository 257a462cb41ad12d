"""Protobuf wire format by hand: varints, keys and the values of OTLP attributes, as bytes.

Building protobuf messages in Python is the largest cost of recording a span (`BatchSpanProcessor` pays
100 of its 140 µs for it), and all that is wanted are bytes. Field numbers are those of
`opentelemetry/proto/common/v1/common.proto`; the tests hold every byte against the official encoder.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["MAX_DEPTH", "Values", "block", "fixed32", "fixed64", "key_head", "number", "utf8", "varint"]

MAX_DEPTH: Final = 16
"""Levels of nesting that are kept; protobuf parsers give up at 100 messages, and a level takes up to three."""
_INT64_MAX: Final = 2**63 - 1
_INT64_MIN: Final = -(2**63)
_ONE: Final = tuple(bytes((n,)) for n in range(128))
_KEY_CACHE_SIZE: Final = 4096
_double: Final = struct.Struct("<d").pack
_keys: Final[dict[str, bytes]] = {}

fixed64: Final = struct.Struct("<Q").pack
fixed32: Final = struct.Struct("<I").pack


def varint(n: int) -> bytes:
    """`n`, at least 0, in base 128, least significant group first."""
    if n < 128:
        return _ONE[n]
    if n < 16384:
        return (n & 127 | 128 | n >> 7 << 8).to_bytes(2, "little")
    groups = bytearray()
    while n > 127:
        groups.append(n & 127 | 128)
        n >>= 7
    groups.append(n)
    return bytes(groups)


def block(tag: bytes, body: bytes) -> bytes:
    """A field with a length: text, bytes or a message."""
    return tag + varint(len(body)) + body


def number(tag: bytes, n: int) -> bytes:
    """A varint field; nothing at all for 0, which is the default."""
    return tag + varint(n) if n else b""


def utf8(text: str) -> bytes:
    """`text` in UTF-8; a lone surrogate, which UTF-8 cannot hold, becomes its `\\udXXX` escape."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


class Values:
    """Encodes values as `AnyValue`. What no `AnyValue` can hold becomes text, and is counted in `replaced`."""

    def __init__(self) -> None:
        self.replaced = 0
        """Values that had to become text."""

    def pair(self, tag: bytes, key: str, value: bytes) -> bytes:
        """A field that holds a `KeyValue` of `key` and an encoded value."""
        head = _keys.get(key) or key_head(key)
        body = head + b"\x12" + varint(len(value)) + value
        return tag + varint(len(body)) + body

    def any_value(self, value: Any, depth: int = 0) -> bytes:
        """The fields of an `AnyValue`."""
        kind = type(value)  # pyright: ignore[reportUnknownVariableType] -- any value
        if kind is str:
            return _text(value)
        if kind is bool:
            return b"\x10\x01" if value else b"\x10\x00"
        if kind is int:
            return self._integer(value)
        if kind is float:
            return b"\x21" + _double(value)
        if value is None:
            return b""
        return self._compound(value, depth)

    def _integer(self, value: int) -> bytes:
        if 0 <= value <= _INT64_MAX:
            return b"\x18" + varint(value)
        if _INT64_MIN <= value < 0:
            return b"\x18" + varint(value + (1 << 64))
        self.replaced += 1
        return _text(_decimal(value))

    def _compound(self, value: Any, depth: int) -> bytes:
        if isinstance(value, str | int | float):  # of a class of its own, such as an enumeration
            return self.any_value(_base_value(value))
        if isinstance(value, bytes | bytearray):
            return block(b"\x3a", bytes(value))
        if depth < MAX_DEPTH and isinstance(value, Mapping):
            return block(b"\x32", self._mapping(value, depth + 1))  # pyright: ignore[reportUnknownArgumentType] -- any mapping
        if depth < MAX_DEPTH and isinstance(value, Sequence):
            items: Sequence[Any] = value  # pyright: ignore[reportUnknownVariableType] -- any sequence
            return block(b"\x2a", b"".join([block(b"\x0a", self.any_value(item, depth + 1)) for item in items]))
        self.replaced += 1
        return _text(_shown(value))

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> bytes:
        return b"".join([self.pair(b"\x0a", _name(key), self.any_value(item, depth)) for key, item in value.items()])


def _text(value: str) -> bytes:
    data = utf8(value)
    return b"\x0a" + varint(len(data)) + data


def _base_value(value: str | float) -> str | float:
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, int) else float(value)


def key_head(key: str) -> bytes:
    """The first field of a `KeyValue`."""
    encoded = _keys.get(key)
    if encoded is None:
        encoded = block(b"\x0a", utf8(key))
        if len(_keys) < _KEY_CACHE_SIZE:
            _keys[key] = encoded
    return encoded


def _name(key: object) -> str:
    return key if type(key) is str else _shown(key) if not isinstance(key, str) else str.__str__(key)


def _decimal(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # beyond Python's limit of digits
        return hex(value)


def _shown(value: object) -> str:
    try:
        return value if isinstance(value, str) else repr(value)
    except Exception:  # noqa: BLE001 -- a foreign __repr__ may raise anything
        return f"<{type(value).__name__}>"
