"""OTLP requests as bytes, with just enough in them to be stored."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from otel_i2e.spool import Encoding

__all__ = ["logs_request", "span_ids", "traces_request"]

_START = 1_790_000_000_000_000_000


def span_ids(count: int) -> list[tuple[str, str]]:
    """`count` new (trace id, span id), in hex."""
    return [(secrets.token_hex(16), secrets.token_hex(8)) for _ in range(count)]


def traces_request(
    ids: Sequence[tuple[str, str]], *, encoding: Encoding = "protobuf", service: str = "shop", content: str = "Hi"
) -> bytes:
    """One chat span per (trace id, span id), a second apart. Ids need not be valid."""
    spans = [_span(trace, span, _START + n * 10**9, content) for n, (trace, span) in enumerate(ids)]
    request: dict[str, Any] = {
        "resourceSpans": [{"resource": _resource(service), "scopeSpans": [{"scope": {}, "spans": spans}]}]
    }
    return json.dumps(request).encode() if encoding == "json" else _protobuf_traces(request)


def logs_request(texts: Sequence[str], *, encoding: Encoding = "protobuf", service: str = "shop") -> bytes:
    """One log record per text, in no trace."""
    records = [{"timeUnixNano": str(_START), "body": {"stringValue": text}} for text in texts]
    scopes: list[Any] = [{"scope": {}, "logRecords": records}]
    request: dict[str, Any] = {"resourceLogs": [{"resource": _resource(service), "scopeLogs": scopes}]}
    if encoding == "json":
        return json.dumps(request).encode()
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    return ParseDict(request, ExportLogsServiceRequest()).SerializeToString()


def _protobuf_traces(request: dict[str, Any]) -> bytes:
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    scope: dict[str, Any] = request["resourceSpans"][0]["scopeSpans"][0]
    ids = [(span.pop("traceId"), span.pop("spanId")) for span in scope["spans"]]
    message: Any = ParseDict(request, ExportTraceServiceRequest())
    for span, (trace_id, span_id) in zip(message.resource_spans[0].scope_spans[0].spans, ids, strict=True):
        span.trace_id = bytes.fromhex(trace_id)
        span.span_id = bytes.fromhex(span_id)
    return message.SerializeToString()


def _resource(service: str) -> dict[str, Any]:
    return {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}


def _span(trace_id: str, span_id: str, start: int, content: str) -> dict[str, Any]:
    texts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "claude-sonnet-5",
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": content}]}]),
    }
    return {
        "traceId": trace_id,
        "spanId": span_id,
        "name": "chat claude-sonnet-5",
        "kind": 3,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 5 * 10**8),
        "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in texts.items()],
    }
