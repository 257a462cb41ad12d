"""Ended spans and log records → the bytes of `ExportTraceServiceRequest` and `ExportLogsServiceRequest`.

String work only: no protobuf message is built (see `wire`). Field numbers are those of the OTLP protos
1.x; the tests parse the result with the official messages and compare it with the official encoder.
Whatever an application puts on a span, encoding it neither raises nor loses the span: see `Values`,
and `i2e.content.truncated` for what is too long.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from otel_i2e.capture.content import is_content, is_content_event
from otel_i2e.capture.supplements import take_supplement
from otel_i2e.capture.wire import Values, block, fixed32, fixed64, number, utf8
from otel_i2e.semconv import DEPLOYMENT_ENVIRONMENT, I2E_CONTENT_CAPTURE, I2E_CONTENT_TRUNCATED, SERVICE_NAME

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord, ReadWriteLogRecord
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext

__all__ = ["Encoder"]

_HAS_IS_REMOTE: Final = 0x100
_IS_REMOTE: Final = 0x200
_ERROR: Final = 2
_RESOURCE_CACHE_SIZE: Final = 64
_Item = TypeVar("_Item")


class Encoder:
    """Encodes for one process. Not safe for threads: the recording thread owns it."""

    def __init__(
        self, *, max_content_bytes: int = 1_000_000, content: bool = True, service: str = "", environment: str = ""
    ) -> None:
        self._limit = max_content_bytes
        self._content = content
        self._values = Values()
        self._overrides = {SERVICE_NAME: service, DEPLOYMENT_ENVIRONMENT: environment}
        self._heads: dict[int, tuple[Any, bytes]] = {}
        self._lost = self._incomplete = 0

    def traces(self, spans: Iterable[ReadableSpan]) -> tuple[bytes, int]:
        """The request's bytes, and how many of `spans` are in it."""
        return self._request(spans, b"\x12", self._span)

    def logs(self, records: Iterable[ReadableLogRecord | ReadWriteLogRecord]) -> tuple[bytes, int]:
        """The request's bytes, and how many of `records` are in it."""
        return self._request(records, b"\x12", self._log)

    def take_counts(self) -> dict[str, int]:
        """Since the last call: `lost` items that could not be encoded, `incomplete` ones whose supplement failed,
        `replaced` values that became text."""
        counts = {"lost": self._lost, "incomplete": self._incomplete, "replaced": self._values.replaced}
        self._lost = self._incomplete = self._values.replaced = 0
        return counts

    # Envelope: resource → scope → items

    def _request(self, items: Iterable[_Item], tag: bytes, encode: Callable[[_Item], bytes]) -> tuple[bytes, int]:
        groups: dict[tuple[int, int], tuple[Any, Any, list[bytes]]] = {}
        taken = 0
        for item in items:
            try:
                body = encode(item)
                resource, scope = item.resource, item.instrumentation_scope  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType] -- a span or a record
            except Exception:  # noqa: BLE001 -- one strange item must not cost the others
                self._lost += 1
                continue
            group = groups.setdefault((id(resource), id(scope)), (resource, scope, []))  # pyright: ignore[reportUnknownArgumentType] -- see above
            group[2].append(block(tag, body))
            taken += 1
        by_resource: dict[int, tuple[Any, list[bytes]]] = {}
        for resource, scope, bodies in groups.values():
            scoped = b"".join((block(b"\x0a", self._scope(scope)), *bodies, _schema(scope)))
            by_resource.setdefault(id(resource), (resource, []))[1].append(block(b"\x12", scoped))
        return b"".join(
            block(b"\x0a", b"".join((self._resource(resource), *scopes, _schema(resource))))
            for resource, scopes in by_resource.values()
        ), taken

    def _resource(self, resource: Resource | None) -> bytes:
        def encoded() -> bytes:
            given = dict(resource.attributes) if resource is not None else {}
            attributes = given | {key: value for key, value in self._overrides.items() if value}
            return block(b"\x0a", self._attributes(b"\x0a", attributes, {}))

        return self._remembered(resource, encoded)

    def _scope(self, scope: InstrumentationScope | None) -> bytes:
        if scope is None:
            return b""
        return self._remembered(
            scope,
            lambda: (
                block(b"\x0a", utf8(scope.name))
                + (block(b"\x12", utf8(scope.version)) if scope.version else b"")
                + self._attributes(b"\x1a", scope.attributes, {})
            ),
        )

    def _remembered(self, owner: Any, encode: Callable[[], bytes]) -> bytes:
        """`encode()`, once for each resource and scope: they are the same objects for every span."""
        found = self._heads.get(id(owner))
        if found is not None and found[0] is owner:
            return found[1]
        if len(self._heads) >= _RESOURCE_CACHE_SIZE:
            self._heads.clear()
        encoded = encode()
        self._heads[id(owner)] = owner, encoded
        return encoded

    # Items

    def _span(self, span: ReadableSpan) -> bytes:
        context = span.context
        if context is None:
            raise ValueError("a span without a context has no identity")
        cut: dict[str, Any] = {}
        status = span.status
        attributes = _copied(span.attributes)
        events = [(event.name, event.timestamp, event.attributes, event.dropped_attributes) for event in span.events]
        supplement = take_supplement(context.span_id)
        if supplement is not None:
            try:
                extra = supplement.complete(attributes, failed=status.status_code.value == _ERROR)
                events += [(name, time_ns, values, 0) for name, time_ns, values in extra]
            except Exception:  # noqa: BLE001 -- the span counts even when what it lacks cannot be had
                self._incomplete += 1
        pieces = [
            b"\x0a\x10",
            context.trace_id.to_bytes(16, "big"),
            b"\x12\x08",
            context.span_id.to_bytes(8, "big"),
            _trace_state(context),
            b"\x22\x08" + span.parent.span_id.to_bytes(8, "big") if span.parent is not None else b"",
            block(b"\x2a", utf8(span.name)),
            number(b"\x30", span.kind.value + 1),
            b"\x39" + fixed64(span.start_time or 0) + b"\x41" + fixed64(span.end_time or 0),
            self._attributes(b"\x4a", attributes, cut),
            number(b"\x50", span.dropped_attributes),
            *[self._event(*event, cut) for event in events if self._content or not is_content_event(event[0])],
            number(b"\x60", span.dropped_events),
            *[self._link(link.context, link.attributes, link.dropped_attributes, cut) for link in span.links],
            number(b"\x70", span.dropped_links),
            block(b"\x7a", _status(status.status_code.value, status.description)),
            b"\x85\x01" + fixed32(_flags(span.parent)),
            self._marks(b"\x4a", cut),
        ]
        return b"".join(pieces)

    def _event(
        self, name: str, time_ns: int, attributes: Mapping[str, Any] | None, dropped: int, cut: dict[str, Any]
    ) -> bytes:
        return block(
            b"\x5a",
            b"\x09"
            + fixed64(time_ns or 0)
            + block(b"\x12", utf8(name))
            + self._attributes(b"\x1a", attributes, cut, place=f"{name}:")
            + number(b"\x20", dropped),
        )

    def _link(
        self, context: SpanContext, attributes: Mapping[str, Any] | None, dropped: int, cut: dict[str, Any]
    ) -> bytes:
        return block(
            b"\x6a",
            b"\x0a\x10"
            + context.trace_id.to_bytes(16, "big")
            + b"\x12\x08"
            + context.span_id.to_bytes(8, "big")
            + self._attributes(b"\x22", attributes, cut, place="link:")
            + number(b"\x28", dropped)
            + b"\x35"
            + fixed32(_flags(context)),
        )

    def _log(self, record: ReadableLogRecord | ReadWriteLogRecord) -> bytes:
        log = record.log_record
        cut: dict[str, Any] = {}
        severity = log.severity_number.value if log.severity_number is not None else 0
        keeps_body = log.body is not None and (self._content or not _about_models(log.event_name))
        body = self._limited("body", log.body, cut) if keeps_body else b""
        return b"".join(
            (
                b"\x09" + fixed64(log.timestamp or 0),
                number(b"\x10", severity),
                block(b"\x1a", utf8(log.severity_text)) if log.severity_text else b"",
                block(b"\x2a", body),
                self._attributes(b"\x32", log.attributes, cut),
                number(b"\x38", record.dropped_attributes),
                b"\x45" + fixed32(int(log.trace_flags or 0)),
                b"\x4a\x10" + log.trace_id.to_bytes(16, "big") if log.trace_id else b"",
                b"\x52\x08" + log.span_id.to_bytes(8, "big") if log.span_id else b"",
                b"\x59" + fixed64(log.observed_timestamp or 0),
                block(b"\x62", utf8(log.event_name)) if log.event_name else b"",
                self._marks(b"\x32", cut),
            )
        )

    # Attributes

    def _attributes(
        self, tag: bytes, attributes: Mapping[str, Any] | None, cut: dict[str, Any], *, place: str = ""
    ) -> bytes:
        if not attributes:
            return b""
        pair = self._values.pair
        return b"".join(
            [
                pair(tag, key, self._limited(place + key, value, cut))
                for key, value in _copied(attributes).items()
                if self._content or not is_content(key)
            ]
        )

    def _limited(self, place: str, value: Any, cut: dict[str, Any]) -> bytes:
        """An `AnyValue` of at most `max_content_bytes`; the size and hash of what was longer go to `cut[place]`."""
        encoded = self._values.any_value(value)
        if len(encoded) <= self._limit:
            return encoded
        return self._cut(place, value, encoded, cut)

    def _cut(self, place: str, value: Any, encoded: bytes, cut: dict[str, Any]) -> bytes:
        whole = value if isinstance(value, bytes) else _as_text(value)
        if len(whole) <= self._limit:
            return encoded  # only the length in front of it is over the limit
        cut[place] = {"bytes": len(whole), "sha256": hashlib.sha256(whole).hexdigest()}
        if isinstance(value, bytes):
            return block(b"\x3a", whole[: self._limit])
        return block(b"\x0a", _whole_characters(whole, self._limit))

    def _marks(self, tag: bytes, cut: dict[str, Any]) -> bytes:
        marks: dict[str, str] = {}
        if cut:
            marks[I2E_CONTENT_TRUNCATED] = json.dumps(cut, sort_keys=True)
        if not self._content:
            marks[I2E_CONTENT_CAPTURE] = "metadata"
        return b"".join([self._values.pair(tag, key, self._values.any_value(value)) for key, value in marks.items()])


def _copied(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A plain dict; the SDK's own containers give one in one step."""
    copy = getattr(attributes, "copy", None)
    return copy() if copy is not None else dict(attributes or {})


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


def _schema(owner: Any) -> bytes:
    url = owner.schema_url if owner is not None else None
    return block(b"\x1a", utf8(url)) if url else b""


def _status(code: int, description: str | None) -> bytes:
    return (block(b"\x12", utf8(description)) if description else b"") + number(b"\x18", code)


def _flags(context: SpanContext | None) -> int:
    return _HAS_IS_REMOTE | _IS_REMOTE if context is not None and context.is_remote else _HAS_IS_REMOTE


def _trace_state(context: SpanContext) -> bytes:
    if not context.trace_state:
        return b""
    return block(b"\x1a", utf8(",".join([f"{key}={value}" for key, value in context.trace_state.items()])))


def _about_models(event_name: str | None) -> bool:
    return bool(event_name) and str(event_name).startswith("gen_ai.")
