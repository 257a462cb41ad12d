"""OTLP/JSON → RawSpan and RawLog, by the rules of the OTLP specification ("JSON Protobuf Encoding").

Ids are hex, enumerations integers, 64-bit integers numbers or text, unknown fields ignored. Enumeration
names and snake_case field names are refused, because ignoring them would lose what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from otel_i2e.errors import DecodeError
from otel_i2e.models.json_text import loads
from otel_i2e.normalize.decode_protobuf import any_number
from otel_i2e.normalize.raw import Json, RawEvent, RawLink, RawLog, RawSpan, is_list, is_object, with_dropped

__all__ = ["logs_from_json", "spans_from_json"]

_STATUS: Final = ("unset", "ok", "error")
_INTEGER: Final = re.compile(r"-?[0-9]+")


def _snake_case(*messages: Any) -> frozenset[str]:
    """Names of the messages' fields as protobuf has them, where JSON has others."""
    fields = (field for message in messages for field in message.DESCRIPTOR.fields)
    return frozenset(field.name for field in fields if field.name != field.json_name)


_REQUEST: Final = _snake_case(ExportTraceServiceRequest, ExportLogsServiceRequest)
_RESOURCE: Final = _snake_case(trace_pb2.ResourceSpans, logs_pb2.ResourceLogs)
_SCOPE: Final = _snake_case(trace_pb2.ScopeSpans, logs_pb2.ScopeLogs)
_SPAN: Final = _snake_case(trace_pb2.Span)
_EVENT: Final = _snake_case(trace_pb2.Span.Event)
_LINK: Final = _snake_case(trace_pb2.Span.Link)
_LOG: Final = _snake_case(logs_pb2.LogRecord)


def spans_from_json(body: bytes) -> list[RawSpan]:
    """The spans of an `ExportTraceServiceRequest` in OTLP/JSON. Raises DecodeError."""
    return [
        _span(span, resource, name, version)
        for resource, name, version, records in _scopes(body, "resourceSpans", "scopeSpans", "spans")
        for span in records
    ]


def logs_from_json(body: bytes) -> list[RawLog]:
    """The log records of an `ExportLogsServiceRequest` in OTLP/JSON. Raises DecodeError."""
    return [
        _log(record, resource, name, version)
        for resource, name, version, records in _scopes(body, "resourceLogs", "scopeLogs", "logRecords")
        for record in records
    ]


def _scopes(body: bytes, resources: str, scopes: str, records: str) -> list[tuple[Json, str, str, list[Json]]]:
    try:
        request = loads(body)
    except ValueError as error:
        raise DecodeError(f"{len(body):,} bytes are no JSON: {error}") from None
    if not is_object(request):
        raise DecodeError(f"OTLP/JSON is an object with {resources!r}, got {type(request).__name__}")
    found: list[tuple[Json, str, str, list[Json]]] = []
    for of_resource in _objects(request, resources, _REQUEST):
        resource = _attributes(_object(of_resource, "resource"))
        for of_scope in _objects(of_resource, scopes, _RESOURCE):
            scope = _object(of_scope, "scope")
            found.append((resource, _text(scope, "name"), _text(scope, "version"), _objects(of_scope, records, _SCOPE)))
    return found


def _span(span: Json, resource: Json, scope_name: str, scope_version: str) -> RawSpan:
    _refuse_snake_case(span, _SPAN)
    status = _object(span, "status")
    code = _enumeration(status, "code")
    return RawSpan(
        resource,
        scope_name,
        scope_version,
        _text(span, "traceId").lower(),
        _text(span, "spanId").lower(),
        _text(span, "parentSpanId").lower(),
        _text(span, "name"),
        _enumeration(span, "kind"),
        _time(span, "startTimeUnixNano"),
        _time(span, "endTimeUnixNano"),
        with_dropped(_attributes(span), _dropped(span)),
        [_event(event) for event in _objects(span, "events")],
        [_link(link) for link in _objects(span, "links")],
        _STATUS[code] if 0 <= code < 3 else "unset",
        _text(status, "message"),
    )


def _event(event: Json) -> RawEvent:
    _refuse_snake_case(event, _EVENT)
    return RawEvent(_text(event, "name"), _time(event, "timeUnixNano"), _attributes(event))


def _link(link: Json) -> RawLink:
    _refuse_snake_case(link, _LINK)
    return RawLink(_text(link, "traceId").lower(), _text(link, "spanId").lower(), _attributes(link))


def _log(record: Json, resource: Json, scope_name: str, scope_version: str) -> RawLog:
    _refuse_snake_case(record, _LOG)
    attributes = _attributes(record)
    return RawLog(
        resource,
        scope_name,
        scope_version,
        _text(record, "traceId").lower(),
        _text(record, "spanId").lower(),
        _text(record, "eventName") or str(attributes.get("event.name") or ""),
        _time(record, "timeUnixNano") or _time(record, "observedTimeUnixNano"),
        _enumeration(record, "severityNumber"),
        _value(_object(record, "body")),
        attributes,
    )


def _attributes(holder: Json) -> Json:
    return _pairs(_objects(holder, "attributes"))


def _pairs(pairs: list[Json]) -> Json:
    return {_text(pair, "key"): _value(_object(pair, "value")) for pair in pairs}


def _value(value: Json) -> Any:
    for kind, content in value.items():
        if content is None:
            continue
        if kind in _VALUES:
            return _VALUES[kind](content)
        if "_value" in kind:
            raise DecodeError(f"{kind!r} is no OTLP/JSON field name; names are lowerCamelCase, such as 'stringValue'")
    return None


def _object(holder: Json, key: str) -> Json:
    value = holder.get(key)
    if value is None:
        return {}
    if not is_object(value):
        raise DecodeError(f"{key!r} is an object in OTLP/JSON, got {_shown(value)}")
    return value


def _objects(holder: Json, key: str, refused: frozenset[str] = frozenset()) -> list[Json]:
    _refuse_snake_case(holder, refused)
    values = holder.get(key)
    if values is None:
        return []
    if not is_list(values) or not all(map(is_object, values)):
        raise DecodeError(f"{key!r} is a list of objects in OTLP/JSON, got {_shown(values)}")
    return values


def _text(holder: Json, key: str) -> str:
    value = holder.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DecodeError(f"{key!r} is text in OTLP/JSON, got {_shown(value)}")
    return value


def _enumeration(holder: Json, key: str) -> int:
    value = holder.get(key)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise DecodeError(
            f"{key!r} is an integer in OTLP/JSON (names of enumerations are not valid), got {_shown(value)}"
        )
    return value


def _dropped(span: Json) -> int:
    count = span.get("droppedAttributesCount")
    return count if isinstance(count, int) else 0


def _time(holder: Json, key: str) -> int:
    value = holder.get(key)
    if value is None:
        return 0
    number = _integer(value, key)
    if not isinstance(number, int) or not 0 <= number < 2**64:
        raise DecodeError(f"{key!r} is nanoseconds since the epoch in 64 bits, got {_shown(value)}")
    return number


def _integer(value: Any, key: str) -> int | float | str:
    """A 64-bit integer given as number or text. One beyond 64 bits stays as it was sent."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else any_number(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        number = int(value) if len(value) <= 20 else 2**64
        return number if -(2**63) <= number < 2**64 else value
    raise DecodeError(f"{key!r} is an integer, as number or text, in OTLP/JSON, got {_shown(value)}")


def _integer_value(value: Any) -> int | float | str:
    return _integer(value, "intValue")


def _text_value(value: Any) -> str:
    if not isinstance(value, str):
        raise DecodeError(f"'stringValue' and 'bytesValue' are text in OTLP/JSON, got {_shown(value)}")
    return value


def _boolean_value(value: Any) -> bool:
    if not isinstance(value, bool):
        raise DecodeError(f"'boolValue' is true or false in OTLP/JSON, got {_shown(value)}")
    return value


def _double_value(value: Any) -> float | str:
    try:
        return any_number(float(value))
    except (TypeError, ValueError, OverflowError):
        raise DecodeError(f"'doubleValue' is a number in OTLP/JSON, got {_shown(value)}") from None


def _array_value(value: Any) -> list[Any]:
    return [_value(item) for item in _objects(_object({"arrayValue": value}, "arrayValue"), "values")]


def _object_value(value: Any) -> Json:
    return _pairs(_objects(_object({"kvlistValue": value}, "kvlistValue"), "values"))


_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    "stringValue": _text_value,
    "bytesValue": _text_value,
    "intValue": _integer_value,
    "boolValue": _boolean_value,
    "doubleValue": _double_value,
    "arrayValue": _array_value,
    "kvlistValue": _object_value,
}
"""How to read each field of an `AnyValue`."""


def _refuse_snake_case(holder: Json, names: frozenset[str]) -> None:
    if not names.isdisjoint(holder):
        name = next(name for name in holder if name in names)
        raise DecodeError(f"{name!r} is no OTLP/JSON field name; names are lowerCamelCase")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
