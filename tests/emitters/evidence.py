"""What an emitter sent, whatever its names: every value of its export, JSON inside text included."""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

from fixtures import Scenario
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_i2e.normalize.raw import is_list, is_object

__all__ = ["Sent", "SentSpan", "contains", "decoded"]


class SentSpan:
    """One span, or one log record: its values as sent, and everything that can be decoded from them."""

    def __init__(self, id: str, name: str, fields: list[tuple[str, Any]]) -> None:
        self.id = id
        """Span id, lower-case hex."""
        self.name = name
        self.fields = fields
        """(attribute name, value) of the span and its events."""

    @cached_property
    def pairs(self) -> list[tuple[str, Any]]:
        """Every value at every depth with the name it stands under; items of a list have the list's name."""
        return [pair for name, value in self.fields for pair in _inside(name.rsplit(".", 1)[-1], value)]

    @cached_property
    def values(self) -> list[Any]:
        """Every value at every depth."""
        return [value for _, value in self.pairs]

    def value(self, *keys: str) -> list[Any]:
        """The values of the attributes with these names."""
        return [value for name, value in self.fields if name in keys]


class Sent:
    """All that one scenario exported."""

    def __init__(self, spans: Sequence[SentSpan], logs: Sequence[SentSpan], *, failed: bool) -> None:
        self.spans = list(spans)
        self.all = [*spans, *logs]
        self.failed = failed
        """Whether a span has the status error."""

    @classmethod
    def of(cls, scenario: Scenario) -> Sent:
        """Everything of `scenario`."""
        failed = _any_error(scenario.traces)
        return cls([*_spans(scenario.traces)], [*_logs(scenario.logs)], failed=failed)

    def without(self, ids: Collection[str]) -> Sent:
        """The same less the spans with these ids, and their log records."""
        spans = [one for one in self.spans if one.id not in ids]
        logs = [one for one in self.all[len(self.spans) :] if one.id not in ids]
        return Sent(spans, logs, failed=self.failed)

    @cached_property
    def texts(self) -> list[str]:
        """All texts."""
        return [value for one in self.all for value in one.values if isinstance(value, str)]

    @cached_property
    def exact(self) -> frozenset[str]:
        """All texts, and all numbers as text."""
        values = [value for one in self.all for value in one.values]
        numbers = [f"{value:g}" for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        whole = [str(value) for value in values if isinstance(value, int) and not isinstance(value, bool)]
        return frozenset([*self.texts, *numbers, *whole])

    @cached_property
    def pairs(self) -> list[tuple[str, Any]]:
        """All values with the names they stand under."""
        return [pair for one in self.all for pair in one.pairs]

    @cached_property
    def objects(self) -> list[Any]:
        """All objects and lists."""
        return [value for one in self.all for value in one.values if isinstance(value, dict | list)]

    def has_text(self, text: str) -> bool:
        """Whether the text occurs in some value."""
        return any(text in value for value in self.texts)

    def has(self, value: Any) -> bool:
        """Whether the value occurs: a text or number as a whole, an object as part of one."""
        if isinstance(value, dict | list):
            return any(contains(one, value) for one in self.objects)
        return (str(value) if not isinstance(value, float) else f"{value:g}") in self.exact


def contains(whole: Any, part: Any) -> bool:
    """Whether `whole` says at least what `part` says."""
    if is_object(part):
        return is_object(whole) and all(key in whole and contains(whole[key], one) for key, one in part.items())
    if is_list(part):
        return is_list(whole) and len(whole) == len(part) and all(map(contains, whole, part))
    return whole == part


def decoded(text: str) -> Any:
    """The JSON value or Python literal in `text`; `text` itself when there is none."""
    if not text or text[0] not in '{["':
        return text
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text) if text[0] in "{[" and len(text) < 200_000 else text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    yield name, value
    if isinstance(value, str):
        inner = decoded(value)
        if inner is not value and inner != value:
            yield from _inside(name, inner)
    elif is_object(value):
        for key, one in value.items():
            yield from _inside(str(key), one)
    elif is_list(value):
        for one in value:
            yield from _inside(name, one)


def _plain(value: Any) -> Any:
    match value.WhichOneof("value"):
        case "array_value":
            return [_plain(one) for one in value.array_value.values]
        case "kvlist_value":
            return {pair.key: _plain(pair.value) for pair in value.kvlist_value.values}
        case None:
            return None
        case kind:
            return getattr(value, kind)


def _fields(pairs: Any) -> list[tuple[str, Any]]:
    return [(pair.key, _plain(pair.value)) for pair in pairs]


def _spans(body: bytes) -> Iterator[SentSpan]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in group.scope_spans:
            for span in scope.spans:
                fields = _fields(span.attributes)
                for event in span.events:
                    fields += _fields(event.attributes)
                fields.append(("status", span.status.message))
                yield SentSpan(span.span_id.hex(), span.name, fields)


def _logs(body: bytes) -> Iterator[SentSpan]:
    for group in ExportLogsServiceRequest.FromString(body).resource_logs:
        for scope in group.scope_logs:
            for record in scope.log_records:
                fields = [*_fields(record.attributes), ("body", _plain(record.body))]
                yield SentSpan(record.span_id.hex(), record.event_name, fields)


def _any_error(body: bytes) -> bool:
    groups = ExportTraceServiceRequest.FromString(body).resource_spans
    return any(span.status.code == 2 for group in groups for scope in group.scope_spans for span in scope.spans)
