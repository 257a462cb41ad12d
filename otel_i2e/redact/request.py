"""A whole OTLP request without secrets: protobuf or JSON in, the same out."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any, Final, cast

import orjson
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_i2e.redact.redactor import Redactor

__all__ = ["redacted_request"]

_MESSAGES: Final[dict[str, Any]] = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}
_IDS: Final = frozenset({"traceId", "spanId", "parentSpanId"})


def redacted_request(redactor: Redactor, body: bytes, signal: str, encoding: str) -> bytes:
    """`body` with every text in it redacted: names, values, messages of status, and those of fields unknown to us.

    `body` was decoded once before; raises what its decoder raises when it is not what it claims to be.
    """
    if encoding == "json":
        return _written(_json(redactor, _read(body)))
    message: Any = _MESSAGES[signal].FromString(body)
    message.DiscardUnknownFields()  # nobody reads them, and they may hold anything
    _walk(redactor, message)
    return message.SerializeToString()


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:  # numbers beyond 64 bits, lone surrogates
        return json.loads(body)


def _written(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # as above
        return json.dumps(value).encode()


def _walk(redactor: Redactor, message: Message) -> None:
    name: str = message.DESCRIPTOR.name
    if name == "KeyValue":
        _pair(redactor, message)
        return
    if name == "AnyValue":
        _any(redactor, message)
        return
    for field, value in message.ListFields():
        if isinstance(value, Message):
            _walk(redactor, value)
        elif isinstance(value, str):
            setattr(message, field.name, redactor.text(value))
        elif not isinstance(value, bytes | int | float):
            _walk_all(redactor, value)


def _walk_all(redactor: Redactor, values: Any) -> None:
    for place, value in enumerate(values):
        if isinstance(value, Message):
            _walk(redactor, value)
        elif isinstance(value, str):
            values[place] = redactor.text(value)


def _pair(redactor: Redactor, pair: Any) -> None:
    pair.key = redactor.text(pair.key)
    kind = pair.value.WhichOneof("value")
    if kind in ("string_value", "bytes_value"):
        _put(pair.value, kind, redactor.named(pair.key, getattr(pair.value, kind)))
    else:
        _any(redactor, pair.value)


def _any(redactor: Redactor, value: Any) -> None:
    kind = value.WhichOneof("value")
    if kind in ("string_value", "bytes_value"):
        _put(value, kind, redactor.value(getattr(value, kind)))
    elif kind == "kvlist_value":
        for pair in value.kvlist_value.values:
            _pair(redactor, pair)
    elif kind == "array_value":
        items = value.array_value.values
        if all(item.WhichOneof("value") == "string_value" for item in items):
            for item, text in zip(items, redactor.texts([item.string_value for item in items]), strict=True):
                item.string_value = text
        else:
            for item in items:
                _any(redactor, item)


def _put(value: Any, kind: str, clean: Any) -> None:
    if kind == "bytes_value" and isinstance(clean, str):
        value.string_value = clean
    else:
        setattr(value, kind, clean)


def _json(redactor: Redactor, value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        return value if name in _IDS else _json_text(redactor, value, name)
    if isinstance(value, list):
        return _json_items(redactor, cast("list[Any]", value))
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        key, held = given.get("key"), given.get("value")
        if isinstance(key, str) and isinstance(held, dict):
            return _json_pair(redactor, given, key, cast("dict[str, Any]", held))
        return {redactor.text(key): _json(redactor, item, key) for key, item in given.items()}
    return value


def _json_text(redactor: Redactor, text: str, name: str) -> str:
    if name != "bytesValue":
        return redactor.text(text)
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return redactor.text(text)
    clean = redactor.value(data)
    return text if clean is data else b64encode(clean).decode("ascii")


def _json_pair(redactor: Redactor, pair: dict[str, Any], key: str, held: dict[str, Any]) -> dict[str, Any]:
    rest = {
        redactor.text(name): _json(redactor, value, name)
        for name, value in pair.items()
        if name not in ("key", "value")
    }
    text = held.get("stringValue", held.get("bytesValue"))
    name = redactor.text(key)
    if isinstance(text, str) and (marker := redactor.named(name, text)) == "[redacted:named]":
        return {"key": name, "value": {"stringValue": marker}, **rest}
    return {"key": name, "value": _json(redactor, held), **rest}


def _json_items(redactor: Redactor, values: list[Any]) -> list[Any]:
    """The items of a list; those of an `arrayValue` that is all text are looked at together."""
    texts = [_only_text(value) for value in values]
    if values and all(text is not None for text in texts):
        return [{"stringValue": text} for text in redactor.texts([text or "" for text in texts])]
    return [_json(redactor, value) for value in values]


def _only_text(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, Any]", value)
    text = fields.get("stringValue")
    return text if isinstance(text, str) and len(fields) == 1 else None
