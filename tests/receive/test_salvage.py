"""A request some of whose items cannot be parsed: the others are taken."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import DecodeError as ProtobufError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue

from otel_i2e.normalize import decode_logs, decode_traces
from otel_i2e.receive.examine import examined
from otel_i2e.receive.salvage import UNREADABLE, salvaged
from otel_i2e.receive.services import LOGS, TRACES
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.workflows.otlp_json import read_json

BROKEN = b"caf\xe9 \xed\xa0\xbd!"
"""Latin-1, and a lone surrogate as C++ and Go write it."""


def _spans(count: int) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest.FromString(traces_request(span_ids(count)))


def _deep(levels: int) -> AnyValue:
    value = AnyValue(string_value="x")
    for _ in range(levels):
        value = AnyValue(array_value=ArrayValue(values=[value]))
    return value


def _add(span: Any, key: str, value: AnyValue) -> None:
    span.attributes.add(key=key).value.CopyFrom(value)


def test_text_that_is_no_utf8_is_mended_wherever_it_stands() -> None:
    """In a span, an event, a resource, a scope; ids, which are bytes, stay."""
    request = _spans(3)
    of_resource = request.resource_spans[0]
    second = of_resource.scope_spans[0].spans[1]
    second.name = second.events.add(name="MARK").name
    _add(second, "MARK", AnyValue(string_value="MARK"))
    of_resource.resource.attributes.add(key="r").value.string_value = "MARK"
    of_resource.scope_spans[0].scope.version = "MARK"
    body = request.SerializeToString().replace(b"MARK", BROKEN[:4])
    with pytest.raises(ProtobufError):
        ExportTraceServiceRequest.FromString(body)
    found = examined(TRACES, "protobuf", body, read_json)
    assert (found.items, found.lost.total()) == (3, 0)
    spans = decode_traces(found.body, "protobuf")
    assert [span.span_id for span in spans] == [span.span_id.hex() for span in of_resource.scope_spans[0].spans]
    assert spans[1].name == "caf\ufffd"
    assert spans[1].attributes["caf\ufffd"] == spans[1].events[0].name == spans[1].resource["r"] == "caf\ufffd"
    assert spans[1].scope_version == "caf\ufffd"


@pytest.mark.parametrize("levels", [60, 5_000])
def test_an_item_that_is_nested_too_deeply_is_left_out(levels: int) -> None:
    """Counted, and its neighbours are taken."""
    value = _field(1, b"x")
    for _ in range(levels):
        value = _field(5, _field(1, value))  # AnyValue.array_value.values
    deep = _field(1, b"\1" * 16) + _field(2, b"\1" * 8) + _field(9, _field(1, b"key") + _field(2, value))
    spans = [span.SerializeToString() for span in _spans(2).resource_spans[0].scope_spans[0].spans]
    body = _field(1, _field(2, b"".join(_field(2, span) for span in (spans[0], deep, spans[1]))))
    found = salvaged(TRACES, body)
    assert found is not None
    assert found.lost == {UNREADABLE: 1}
    assert len(decode_traces(found.body, "protobuf")) == 2


@pytest.mark.parametrize("levels", range(43, 51))
def test_what_is_taken_can_be_parsed(levels: int) -> None:
    """An item is some levels deeper in its request than by itself."""
    request = _spans(2)
    _add(request.resource_spans[0].scope_spans[0].spans[0], "deep", _deep(levels))
    found = examined(TRACES, "protobuf", request.SerializeToString(), read_json)
    assert len(decode_traces(found.body, "protobuf")) == found.items
    assert found.items + found.lost.total() == 2


def test_log_records_are_mended_too() -> None:
    """And a request without an item that can be read is none."""
    body = logs_request(["MARK", "b"]).replace(b"MARK", BROKEN[:4])
    found = examined(LOGS, "protobuf", body, read_json)
    assert [log.body for log in decode_logs(found.body, "protobuf")] == ["caf\ufffd", "b"]
    assert salvaged(LOGS, b"\xff\xff") is None
    assert salvaged(LOGS, ExportLogsServiceRequest().SerializeToString()) is None


def _field(number: int, value: bytes) -> bytes:
    """A length-delimited field of protobuf's wire format."""
    return bytes([number << 3 | 2]) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
