"""Protobuf in files: one request, or many, each behind its length.

The length is 4 bytes big-endian (the Collector's file exporter) or a varint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.message import DecodeError as ProtobufError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_i2e.errors import DecodeError
from otel_i2e.receive.file_request import Buffered, FileRequest, Found, Problem, Skipped
from otel_i2e.receive.salvage import salvaged
from otel_i2e.receive.services import LOGS, TRACES, Service

__all__ = ["framed", "parsed", "parsed_or_salvaged", "varint_framed"]

_MAX_FRAME: Final = 1 << 30
_CUT: Final = "the file ends in the middle of a request"


def framed(name: str, stream: Buffered) -> Found:
    """Requests behind lengths of 4 bytes."""
    place = 0
    while prefix := stream.read(4):
        size = int.from_bytes(prefix)
        body = stream.read(size) if len(prefix) == 4 and size <= _MAX_FRAME else b""
        if len(prefix) < 4 or len(body) < size:
            yield Problem(f"{name}:byte {place}", _CUT)
            return
        yield parsed_or_salvaged(f"{name}:byte {place}", body)
        place += 4 + size


def varint_framed(name: str, content: bytes) -> Found | None:
    """Requests behind varint lengths; None unless the first of them is one, and says so by what is in it."""
    begin, end = _frame(content, 0)
    if not begin < end <= len(content):
        return None
    first = parsed_or_salvaged(name, content[begin:end])
    if isinstance(first, Problem):
        return None
    if isinstance(first, FileRequest) and not (
        _is_certain(first.service, first.request) or _may_be(first.service, first.request)
    ):
        return None
    return _varint_frames(name, content)


def parsed(place: str, body: bytes) -> FileRequest | Skipped:
    """One request. Raises DecodeError.

    The signals look alike until the record: a log read as a span has no ids, a span or a metric read as a log no time.
    """
    parses = ((service, _read(service.request.FromString, body)) for service in (TRACES, LOGS))
    readings = [(service, request) for service, request in parses if request is not None]
    found = next(((service, request) for service, request in readings if _is_certain(service, request)), None)
    if found is None:
        if _are_metrics(body):
            return Skipped(place, "metrics")
        if not readings:
            raise DecodeError(f"{len(body):,} bytes are no OTLP request")
        found = next(((service, request) for service, request in readings if _may_be(service, request)), readings[0])
    service, request = found
    if body and not request.ByteSize():
        raise DecodeError(f"{len(body):,} bytes hold no OTLP field")
    return FileRequest(place, service, "protobuf", request, len(body))


def _varint_frames(name: str, content: bytes) -> Found:
    at = 0
    while at < len(content):
        begin, end = _frame(content, at)
        if end > len(content):
            yield Problem(f"{name}:byte {at}", _CUT)
            return
        if begin < end:
            yield parsed_or_salvaged(f"{name}:byte {at}", content[begin:end])
        at = end


def _frame(content: bytes, at: int) -> tuple[int, int]:
    """Begin and end of the request whose length stands at `at`; the end is beyond the content for none."""
    size = shift = 0
    for begin in range(at, min(at + 5, len(content))):
        size |= (content[begin] & 0x7F) << shift
        shift += 7
        if content[begin] < 0x80:
            return begin + 1, begin + 1 + size
    return len(content), len(content) + 1


def parsed_or_salvaged(place: str, body: bytes) -> FileRequest | Problem | Skipped:
    """One request; when it cannot be parsed, what can be read of it, as the receiver takes it (`salvage.py`)."""
    try:
        return parsed(place, body)
    except DecodeError as error:
        return _salvaged(place, body) or Problem(place, str(error))


def _salvaged(place: str, body: bytes) -> FileRequest | None:
    for service in (TRACES, LOGS):
        if (parts := salvaged(service, body)) is not None:
            request = service.request.FromString(parts.body)
            if _is_certain(service, request):
                return FileRequest(place, service, "protobuf", request, len(body), parts.lost)
    return None


def _read(parse: Callable[[bytes], Any], body: bytes) -> Any:
    try:
        return parse(body)
    except (ProtobufError, RecursionError):
        return None


def _is_certain(service: Service, request: Any) -> bool:
    if service is TRACES:
        spans = (s for r in request.resource_spans for c in r.scope_spans for s in c.spans)
        return any(len(span.trace_id) == 16 and len(span.span_id) == 8 for span in spans)
    return any(record.time_unix_nano or record.observed_time_unix_nano for record in _records(request))


def _may_be(service: Service, request: Any) -> bool:
    if service is TRACES:
        return any(len(s.trace_id) == 16 for r in request.resource_spans for c in r.scope_spans for s in c.spans)
    return any(record.event_name or record.HasField("body") for record in _records(request))


def _records(request: Any) -> Iterator[Any]:
    return (s for r in request.resource_logs for c in r.scope_logs for s in c.log_records)


def _are_metrics(body: bytes) -> bool:
    request = _read(ExportMetricsServiceRequest.FromString, body)
    if request is None:
        return False
    metrics = (m for r in request.resource_metrics for c in r.scope_metrics for m in c.metrics)
    return any(metric.name and metric.WhichOneof("data") for metric in metrics)
