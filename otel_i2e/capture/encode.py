"""Ended spans and log records → the bytes of `ExportTraceServiceRequest` and `ExportLogsServiceRequest`.

String work only: no protobuf message is built (see `wire`). Field numbers are those of the OTLP protos
1.x; the tests parse the result with the official messages and compare it with the official encoder.
Whatever an application puts on a span, encoding it neither raises nor loses the span: see `wire.Values`,
and `i2e.content.truncated` for what is too long.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from otel_i2e.capture.attributes import Attributes, Cut, copied, cut_by_sdk
from otel_i2e.capture.content import is_content_event
from otel_i2e.capture.supplements import take_supplement
from otel_i2e.capture.wire import block, fixed32, fixed64, number, varint
from otel_i2e.semconv import (
    DEPLOYMENT_ENVIRONMENT,
    ERROR_TYPE,
    EXCEPTION_TYPE,
    SERVICE_NAME,
    TRUNCATED_MESSAGE,
    TRUNCATED_NAME,
)

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord, ReadWriteLogRecord
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext

    from otel_i2e.redact import Redactor

__all__ = ["Encoder"]

_LOCAL: Final = fixed32(0x100)  # "has is_remote", and it is not
_REMOTE: Final = fixed32(0x300)
_KINDS: Final = tuple(number(b"\x30", kind + 1) for kind in range(5))
_times: Final = struct.Struct("<cQcQ").pack
_ERROR: Final = 2
_STATUS: Final = tuple(number(b"\x18", code) for code in range(3))
_RESOURCE_CACHE_SIZE: Final = 64
_Item = TypeVar("_Item")


class _Message:
    """Pieces of a message, and their length together."""

    __slots__ = ("pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def add(self, *pieces: bytes) -> None:
        self.pieces += pieces
        for piece in pieces:
            self.size += len(piece)

    def begin(self, piece: bytes) -> None:
        self.pieces.insert(0, piece)
        self.size += len(piece)


_Event = tuple[str, int, "Mapping[str, Any] | None", int]
"""Name, nanoseconds, attributes, how many of them were dropped."""


class _Group:
    """Items of one resource and scope."""

    __slots__ = ("message", "resource", "scope")

    def __init__(self, resource: Any, scope: Any) -> None:
        self.resource = resource
        self.scope = scope
        self.message = _Message()


class Encoder:
    """Encodes for one process. Not safe for threads: the recording thread owns it."""

    def __init__(
        self,
        *,
        max_content_bytes: int = 1_000_000,
        content: bool = True,
        service: str = "",
        environment: str = "",
        redactor: Redactor | None = None,
    ) -> None:
        self._content = content
        self._attributes = Attributes(max_content_bytes=max_content_bytes, content=content, redactor=redactor)
        self._overrides = {SERVICE_NAME: service, DEPLOYMENT_ENVIRONMENT: environment}
        self._heads: dict[int, tuple[Any, bytes]] = {}
        self._lost = self._incomplete = 0

    def traces(self, spans: Iterable[ReadableSpan]) -> tuple[bytes, int]:
        """The request's bytes, and how many of `spans` are in it."""
        return self._request(spans, self._span)

    def logs(self, records: Iterable[ReadableLogRecord | ReadWriteLogRecord]) -> tuple[bytes, int]:
        """The request's bytes, and how many of `records` are in it."""
        return self._request(records, self._log)

    def take_counts(self) -> dict[str, int]:
        """Since the last call: `lost` items that could not be encoded, `incomplete` ones whose supplement failed,
        `replaced` values that became text."""
        counts = {"lost": self._lost, "incomplete": self._incomplete, "replaced": self._attributes.take_replaced()}
        self._lost = self._incomplete = 0
        return counts

    # Envelope: resource → scope → items

    def _request(self, items: Iterable[_Item], encode: Callable[[_Item], bytes]) -> tuple[bytes, int]:
        groups: dict[tuple[int, int], _Group] = {}
        taken = 0
        for item in items:
            try:
                body = encode(item)
                resource, scope = item.resource, item.instrumentation_scope  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType] -- a span or a record
            except Exception:  # noqa: BLE001 -- one strange item must not cost the others
                self._lost += 1
                continue
            group = groups.get((id(resource), id(scope)))  # pyright: ignore[reportUnknownArgumentType] -- see above
            if group is None:
                group = groups[id(resource), id(scope)] = _Group(resource, scope)  # pyright: ignore[reportUnknownArgumentType] -- see above
            group.message.add(b"\x12" + varint(len(body)), body)
            taken += 1
        return self._enveloped(groups.values()), taken

    def _enveloped(self, groups: Iterable[_Group]) -> bytes:
        """One message for each resource, of one for each scope; the items are copied once, at the very end."""
        by_resource: dict[int, tuple[Any, _Message]] = {}
        for group in groups:
            group.message.begin(block(b"\x0a", self._scope(group.scope)))
            group.message.add(self._schema(group.scope))
            _, scopes = by_resource.setdefault(id(group.resource), (group.resource, _Message()))
            scopes.add(b"\x12" + varint(group.message.size), *group.message.pieces)
        request = _Message()
        for resource, scopes in by_resource.values():
            scopes.begin(self._resource(resource))
            scopes.add(self._schema(resource))
            request.add(b"\x0a" + varint(scopes.size), *scopes.pieces)
        return b"".join(request.pieces)

    def _resource(self, resource: Resource | None) -> bytes:
        def encoded() -> bytes:
            given = dict(resource.attributes) if resource is not None else {}
            attributes = given | {key: value for key, value in self._overrides.items() if value}
            return block(b"\x0a", self._attributes.encode(b"\x0a", attributes, {}))

        return self._remembered(resource, encoded)

    def _scope(self, scope: InstrumentationScope | None) -> bytes:
        if scope is None:
            return b""
        return self._remembered(
            scope,
            lambda: (
                block(b"\x0a", self._attributes.text(scope.name))
                + (block(b"\x12", self._attributes.text(scope.version)) if scope.version else b"")
                + self._attributes.encode(b"\x1a", scope.attributes, {})
            ),
        )

    def _schema(self, owner: Any) -> bytes:
        url = owner.schema_url if owner is not None else None
        return block(b"\x1a", self._attributes.text(url)) if url else b""

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
        attributes = copied(span.attributes)
        cut = cut_by_sdk(span, attributes) if self._content else {}
        status = span.status
        events = [(event.name, event.timestamp, event.attributes, event.dropped_attributes) for event in span.events]
        supplement = take_supplement(context.span_id)
        if supplement is not None:
            try:
                extra = supplement.complete(attributes, failed=status.status_code.value == _ERROR)
                events += [(name, time_ns, values, 0) for name, time_ns, values in extra]
            except Exception:  # noqa: BLE001 -- the span counts even when what it lacks cannot be had
                self._incomplete += 1
        parent, attribute_pieces = span.parent, self._attributes.pieces(b"\x4a", attributes, cut)
        reason = self._reason(status.description, attributes, events)
        pieces = [
            self._identity(context),
            b"\x22\x08" + parent.span_id.to_bytes(8, "big") if parent is not None else b"",
            block(b"\x2a", self._attributes.short_text(TRUNCATED_NAME, span.name, cut)),
            _KINDS[span.kind.value],
            _times(b"\x39", span.start_time or 0, b"\x41", span.end_time or 0),
            *attribute_pieces,
            number(b"\x50", span.dropped_attributes),
            *[self._event(*event, cut) for event in events if self._content or not is_content_event(event[0])],
            number(b"\x60", span.dropped_events),
            *[self._link(link.context, link.attributes, link.dropped_attributes, cut) for link in span.links],
            number(b"\x70", span.dropped_links),
            block(b"\x7a", self._status(status.status_code.value, reason, cut)),
            _flags(b"\x85\x01", parent),
            self._attributes.marks(b"\x4a", cut) if cut or not self._content else b"",
        ]
        return b"".join(pieces)

    def _reason(self, description: str | None, attributes: Mapping[str, Any], events: Sequence[_Event]) -> str | None:
        """The status's description; without content only the type of error, as what was given may stand in the text."""
        if self._content or not description:
            return description
        types = [str(values[EXCEPTION_TYPE]) for _, _, values, _ in events if values and EXCEPTION_TYPE in values]
        kind = types[-1] if types else attributes.get(ERROR_TYPE)
        return str(kind) if kind else None

    def _status(self, code: int, description: str | None, cut: Cut) -> bytes:
        if not description:
            return _STATUS[code]
        return block(b"\x12", self._attributes.short_text(TRUNCATED_MESSAGE, description, cut)) + number(b"\x18", code)

    def _event(self, name: str, time_ns: int, attributes: Mapping[str, Any] | None, dropped: int, cut: Cut) -> bytes:
        head = self._attributes.text(name)
        return block(
            b"\x5a",
            b"\x09"
            + fixed64(time_ns or 0)
            + block(b"\x12", head)
            + self._attributes.encode(b"\x1a", attributes, cut, place=f"{head.decode()}:")
            + number(b"\x20", dropped),
        )

    def _identity(self, context: SpanContext) -> bytes:
        """Ids and, where there is one, trace state."""
        if not context.trace_state:
            return _ids(context)
        state = ",".join([f"{key}={value}" for key, value in context.trace_state.items()])
        return _ids(context) + block(b"\x1a", self._attributes.text(state))

    def _link(self, context: SpanContext, attributes: Mapping[str, Any] | None, dropped: int, cut: Cut) -> bytes:
        return block(
            b"\x6a",
            _ids(context)
            + self._attributes.encode(b"\x22", attributes, cut, place="link:")
            + number(b"\x28", dropped)
            + _flags(b"\x35", context),
        )

    def _log(self, record: ReadableLogRecord | ReadWriteLogRecord) -> bytes:
        log = record.log_record
        cut: Cut = {}
        severity = log.severity_number.value if log.severity_number is not None else 0
        keeps_body = log.body is not None and (self._content or not _about_models(log.event_name))
        body = self._attributes.body(log.body, cut) if keeps_body else b""
        return b"".join(
            (
                b"\x09" + fixed64(log.timestamp or 0),
                number(b"\x10", severity),
                block(b"\x1a", self._attributes.text(log.severity_text)) if log.severity_text else b"",
                block(b"\x2a", body),
                self._attributes.encode(b"\x32", log.attributes, cut),
                number(b"\x38", record.dropped_attributes),
                b"\x45" + fixed32(int(log.trace_flags or 0)),
                b"\x4a\x10" + log.trace_id.to_bytes(16, "big") if log.trace_id else b"",
                b"\x52\x08" + log.span_id.to_bytes(8, "big") if log.span_id else b"",
                b"\x59" + fixed64(log.observed_timestamp or 0),
                block(b"\x62", self._attributes.text(log.event_name)) if log.event_name else b"",
                self._attributes.marks(b"\x32", cut),
            )
        )


def _flags(tag: bytes, context: SpanContext | None) -> bytes:
    return tag + (_REMOTE if context is not None and context.is_remote else _LOCAL)


def _ids(context: SpanContext) -> bytes:
    return b"\x0a\x10" + context.trace_id.to_bytes(16, "big") + b"\x12\x08" + context.span_id.to_bytes(8, "big")


def _about_models(event_name: str | None) -> bool:
    return bool(event_name) and str(event_name).startswith("gen_ai.")
