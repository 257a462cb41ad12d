"""A whole OTLP request without secrets: protobuf or JSON in, the same out."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_i2e.redact.json_request import redacted_message
from otel_i2e.redact.redactor import Redactor

__all__ = ["redacted_request"]

_MESSAGES: Final[dict[str, Any]] = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}
_IDS: Final = (8, 16)
"""Bytes of an id; one that is longer is none, and may hold anything."""


def redacted_request(redactor: Redactor, body: bytes, signal: str, encoding: str) -> bytes:
    """`body` with every text in it redacted: names, values, messages of status; without fields unknown to us.

    `body` was decoded once before; raises what its decoder raises when it is not what it claims to be.
    """
    if encoding == "json":
        return _written(redacted_message(redactor, _MESSAGES[signal].DESCRIPTOR, _read(body)))
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
        elif isinstance(value, bytes):
            if len(value) not in _IDS and redactor.value(value) is not value:
                message.ClearField(field.name)
        elif not isinstance(value, int | float):
            _walk_all(redactor, value)


def _walk_all(redactor: Redactor, values: Any) -> None:
    for place, value in enumerate(values):
        if isinstance(value, Message):
            _walk(redactor, value)
        elif isinstance(value, str):
            values[place] = redactor.text(value)


def _pair(redactor: Redactor, pair: Any) -> None:
    pair.key = redactor.text(pair.key)
    held = pair.value
    kind = held.WhichOneof("value")
    if kind in ("string_value", "bytes_value"):
        _put(held, kind, redactor.named(pair.key, getattr(held, kind)))
    elif kind == "array_value" and held.array_value.values and (marker := redactor.marker(pair.key)):
        held.string_value = marker
    else:
        _any(redactor, held)


def _any(redactor: Redactor, value: Any) -> None:
    kind = value.WhichOneof("value")
    if kind in ("string_value", "bytes_value"):
        _put(value, kind, redactor.value(getattr(value, kind)))
    elif kind == "int_value":
        _put(value, kind, redactor.number(value.int_value))
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
    if isinstance(clean, str):
        value.string_value = clean
    else:
        setattr(value, kind, clean)
