"""The two OTLP services that we are: their paths, their names in gRPC, their messages."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from otel_i2e.spool import Signal

__all__ = ["LOGS", "MAX_BODY_BYTES", "SERVICES", "TRACES", "Service"]

MAX_BODY_BYTES: Final = 20 * 1024 * 1024
"""Bytes of a request after decompression, at most (OTLP specification: 20 MiB recommended)."""


class Service(NamedTuple):
    """One OTLP service."""

    signal: Signal
    path: str
    """Of OTLP/HTTP."""
    name: str
    """Of OTLP/gRPC, fully qualified; its only method is `Export`."""
    request: Any
    """The protobuf message class of a request."""
    response: Any
    """The protobuf message class of a response."""
    rejected: str
    """The field of `partial_success` that counts what was not stored."""


def _service(signal: Signal, module: Any, name: str, rejected: str) -> Service:
    descriptor = module.DESCRIPTOR.services_by_name[name]
    request, response = (getattr(module, f"Export{name}{end}") for end in ("Request", "Response"))
    return Service(signal, f"/v1/{signal}", descriptor.full_name, request, response, rejected)


TRACES: Final = _service("traces", trace_service_pb2, "TraceService", "rejected_spans")
"""`/v1/traces`."""
LOGS: Final = _service("logs", logs_service_pb2, "LogsService", "rejected_log_records")
"""`/v1/logs`."""
SERVICES: Final = (TRACES, LOGS)
"""All of them."""
