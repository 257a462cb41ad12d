"""Which part of a file is wanted, and how small requests are put together into larger ones."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, Final, NamedTuple

from otel_i2e.receive.file_request import FileRequest
from otel_i2e.receive.json_file import dumps
from otel_i2e.receive.services import TRACES, Service
from otel_i2e.spool import Encoding

__all__ = ["Selection", "Together", "select", "together"]

_NAME: Final = "service.name"
_TOGETHER_BYTES: Final = 1_000_000


class Selection(NamedTuple):
    """What is wanted; None wants all."""

    service: str | None = None
    """`service.name` of the resource."""
    since_ns: int | None = None
    """Spans that started, and log records made, at or after this: nanoseconds since the epoch."""


class Together(NamedTuple):
    """Several requests as one."""

    service: Service
    encoding: Encoding
    body: bytes
    items: int


def select(found: FileRequest, wanted: Selection) -> tuple[FileRequest, int, int]:
    """The wanted part, the number of items in it, and the number that was left out."""
    return _select_json(found, wanted) if found.encoding == "json" else _select_protobuf(found, wanted)


def together(requests: Iterable[tuple[FileRequest, int]]) -> Generator[Together]:
    """Neighbours of one kind as one request of about a megabyte: each is one wait for the disk."""
    waiting: list[FileRequest] = []
    items = size = 0
    for request, count in requests:
        if waiting and (request[1:3] != waiting[0][1:3] or size >= _TOGETHER_BYTES):
            yield _joined(waiting, items)
            waiting, items, size = [], 0, 0
        waiting.append(request)
        items += count
        size += request.size
    if waiting:
        yield _joined(waiting, items)


def _joined(requests: list[FileRequest], items: int) -> Together:
    service, encoding = requests[0][1:3]
    if encoding == "protobuf":  # concatenated messages are one message with the repeated fields of all
        body = b"".join(request.request.SerializeToString() for request in requests)
    else:
        key = _json_names(service)[0]
        body = dumps({key: [resource for request in requests for resource in request.request.get(key) or ()]})
    return Together(service, encoding, body, items)


def _select_json(found: FileRequest, wanted: Selection) -> tuple[FileRequest, int, int]:
    resources, scopes, records, times = _json_names(found.service)
    kept: list[Any] = []
    items = left_out = 0
    for of_resource in found.request.get(resources) or ():
        is_wanted = wanted.service is None or _json_service(of_resource) == wanted.service
        for of_scope in of_resource.get(scopes) or ():
            all_records: list[Any] = of_scope.get(records) or []
            of_scope[records] = [r for r in all_records if is_wanted and _is_late(_json_time(r, times), wanted)]
            items += len(of_scope[records])
            left_out += len(all_records) - len(of_scope[records])
        if is_wanted:
            kept.append(of_resource)
    return found._replace(request={resources: kept}), items, left_out


def _select_protobuf(found: FileRequest, wanted: Selection) -> tuple[FileRequest, int, int]:
    traces = found.service is TRACES
    items = left_out = 0
    for of_resource in found.request.resource_spans if traces else found.request.resource_logs:
        is_wanted = wanted.service is None or _protobuf_service(of_resource) == wanted.service
        for of_scope in of_resource.scope_spans if traces else of_resource.scope_logs:
            records = of_scope.spans if traces else of_scope.log_records
            keep = [r for r in records if is_wanted and _is_late(_protobuf_time(r, traces=traces), wanted)]
            items += len(keep)
            left_out += len(records) - len(keep)
            if len(keep) < len(records):
                del records[:]
                records.extend(keep)
    return found, items, left_out


def _is_late(time_ns: int, wanted: Selection) -> bool:
    return wanted.since_ns is None or not time_ns or time_ns >= wanted.since_ns


def _json_names(service: Service) -> tuple[str, str, str, tuple[str, ...]]:
    if service is TRACES:
        return "resourceSpans", "scopeSpans", "spans", ("startTimeUnixNano",)
    return "resourceLogs", "scopeLogs", "logRecords", ("timeUnixNano", "observedTimeUnixNano")


def _json_service(of_resource: Any) -> str | None:
    resource: Any = of_resource.get("resource") or {}
    for pair in resource.get("attributes") or ():
        if pair.get("key") == _NAME:
            value: Any = pair.get("value") or {}
            return value.get("stringValue")
    return None


def _json_time(record: Any, names: tuple[str, ...]) -> int:
    return next((int(record[name]) for name in names if record.get(name)), 0)


def _protobuf_service(of_resource: Any) -> str | None:
    return next((pair.value.string_value for pair in of_resource.resource.attributes if pair.key == _NAME), None)


def _protobuf_time(record: Any, *, traces: bool) -> int:
    return record.start_time_unix_nano if traces else record.time_unix_nano or record.observed_time_unix_nano
