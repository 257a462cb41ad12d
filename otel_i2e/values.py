"""An application's values as text: arguments, results and documents on their way onto a span."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from otel_i2e.semconv import MIME_JSON, MIME_TEXT

__all__ = ["as_text", "to_json"]


def as_text(value: Any) -> tuple[str, str]:
    """`value` and its MIME type: text as it is, also as UTF-8 bytes; anything else as JSON."""
    told = _decoded(value)
    return (told, MIME_TEXT) if isinstance(told, str) else (to_json(told), MIME_JSON)


def to_json(value: Any) -> str:
    """`value` as JSON; what JSON does not know as its fields, bytes as text, or else as its `repr`. Never raises."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_fields)
    except Exception:  # noqa: BLE001 -- foreign objects: keys that are no text, cycles, a raising __repr__
        return json.dumps(_shown(value), ensure_ascii=False)


def _decoded(value: Any) -> Any:
    """The text in bytes of UTF-8; other bytes as an object that has no text form; anything else as it is."""
    if not isinstance(value, bytes | bytearray):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"<{type(value).__name__} object of {len(value)} bytes>"


def _fields(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return _decoded(value)
    kind = cast("Any", type(value))
    for name in ("model_dump", "to_dict", "_asdict"):  # pydantic, the model SDKs, named tuples
        method = getattr(kind, name, None)
        if callable(method):
            return method(value)
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] -- any mapping
    if isinstance(value, set | frozenset | tuple):
        return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] -- any collection
    fields = getattr(kind, "__dataclass_fields__", None)
    if fields is not None:
        return {name: getattr(value, name, None) for name in fields}
    return _shown(value)


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 -- a foreign __repr__ may raise anything
        return f"<{type(value).__name__}>"
