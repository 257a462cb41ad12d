"""An OTLP/JSON request without secrets, walked by the schema of its protobuf messages.

Names of fields, ids and numbers are the protocol's and stay; text is looked at; what the schema does not know is left
out, as nobody reads it and it may hold anything.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from functools import lru_cache
from typing import Any, Final, cast

from otel_i2e.redact.redactor import Redactor

__all__ = ["redacted_message"]

_NUMBER: Final = re.compile(r"[+-]?[0-9.eE+-]{1,40}|NaN|-?Infinity")
_ID: Final = re.compile(r"[0-9a-fA-F]{0,32}")
_TEXT, _BYTES = 9, 12  # google.protobuf.descriptor.FieldDescriptor.TYPE_*


def redacted_message(redactor: Redactor, descriptor: Any, given: Any) -> Any:
    """`given`, a message of type `descriptor` in OTLP/JSON, without secrets; what the schema forbids becomes null."""
    if not isinstance(given, dict):
        return None
    fields = cast("dict[str, Any]", given)
    if descriptor.name == "KeyValue":
        return _pair(redactor, descriptor, fields)
    if descriptor.name == "AnyValue":
        return _any(redactor, descriptor, fields)
    return _known(redactor, descriptor, fields)


def _any(redactor: Redactor, descriptor: Any, value: dict[str, Any]) -> dict[str, Any]:
    try:
        clean = _known(redactor, descriptor, value)
    except RecursionError as error:  # of values within values: this one goes, the rest of the request stays
        return {"stringValue": redactor.dropped(error)}
    if isinstance(text := clean.get("intValue"), str) and not _is_number(text):
        return {"stringValue": text}
    return clean


def _known(redactor: Redactor, descriptor: Any, given: dict[str, Any]) -> dict[str, Any]:
    known = _fields(descriptor)
    return {name: _field(redactor, known[name], value) for name, value in given.items() if name in known}


@lru_cache(maxsize=64)
def _fields(descriptor: Any) -> dict[str, Any]:
    return {field.json_name: field for field in descriptor.fields}


def _pair(redactor: Redactor, descriptor: Any, pair: dict[str, Any]) -> dict[str, Any]:
    key = pair.get("key")
    name = redactor.text(key) if isinstance(key, str) else ""
    value = redacted_message(redactor, _fields(descriptor)["value"].message_type, _unnamed(redactor, name, pair))
    return {"key": name} if value is None else {"key": name, "value": value}


def _unnamed(redactor: Redactor, name: str, pair: dict[str, Any]) -> Any:
    """The value of a pair, or a marker when its name says that it is a secret."""
    value = pair.get("value")
    if not isinstance(value, dict):
        return None
    held = cast("dict[str, Any]", value)
    kinds = {kind for kind, content in held.items() if content}
    if kinds & {"stringValue", "bytesValue", "arrayValue"} and (marker := redactor.marker(name)):
        return {"stringValue": marker}
    return held


def _field(redactor: Redactor, field: Any, value: Any) -> Any:
    if isinstance(value, list):
        return _items(redactor, field, cast("list[Any]", value))
    return _single(redactor, field, value)


def _items(redactor: Redactor, field: Any, values: list[Any]) -> list[Any]:
    """The items of a list; those of an `arrayValue` that is all text are looked at together."""
    texts = [_only_text(value) for value in values]
    if values and all(text is not None for text in texts):
        return [{"stringValue": text} for text in redactor.texts([text or "" for text in texts])]
    return [_single(redactor, field, value) for value in values]


def _single(redactor: Redactor, field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return redacted_message(redactor, field.message_type, value)
    if field.type == _TEXT:
        return redactor.text(value) if isinstance(value, str) else None
    if field.type == _BYTES:
        return _bytes(redactor, field.name, value) if isinstance(value, str) else None
    if field.name == "int_value":
        return _integer(redactor, value)
    return value if isinstance(value, int | float) or _is_number(value) else None


def _integer(redactor: Redactor, value: Any) -> Any:
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return redactor.number(value)
    return redactor.long_number(value) if _is_number(value) else None


def _bytes(redactor: Redactor, name: str, text: str) -> str:
    if name != "bytes_value":  # an id, in hex; what is none makes its span one that cannot be stored
        return text if _ID.fullmatch(text) or redactor.text(text) == text else ""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return redactor.text(text)
    clean = redactor.value(data)
    return text if clean is data else b64encode(clean).decode("ascii")


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _only_text(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, Any]", value)
    text = fields.get("stringValue")
    return text if isinstance(text, str) and len(fields) == 1 else None
