"""Whole OTLP requests without secrets: what is the protocol's stays, whatever a pattern or a function does."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from otel_i2e.normalize import decode_logs, decode_traces
from otel_i2e.redact import DROPPED, Redactor
from otel_i2e.redact.request import redacted_request

KEY = "sk-" + "ant-" + "a1B2c3D4e5F6g7"
SPAN: dict[str, Any] = {
    "traceId": "0af7651916cd43dd8448eb211c80319c",
    "spanId": "b7ad6b7169203331",
    "name": "chat",
    "kind": 3,
    "startTimeUnixNano": "1790000000000000000",
    "endTimeUnixNano": 1790000001000000000,
    "attributes": [
        {"key": "card", "value": {"intValue": "4111111111111111"}},
        {"key": "card as a number", "value": {"intValue": 4111111111111111}},
        {"key": "tokens", "value": {"intValue": "12"}},
        {"key": "share", "value": {"doubleValue": 0.5}},
        {"key": "empty", "value": {}},
    ],
    "status": {"code": 2, "message": "failed"},
}


def quits(text: str) -> str:
    """A user's function that ends the program."""
    raise SystemExit(text)


def as_json(span: dict[str, Any]) -> bytes:
    """A request with one span."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def as_protobuf(span: dict[str, Any]) -> bytes:
    """The same in protobuf."""
    request = ExportTraceServiceRequest()
    made = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(
            trace_id=bytes.fromhex(span["traceId"]),
            span_id=bytes.fromhex(span["spanId"]),
            name=span["name"],
            kind=3,
            start_time_unix_nano=int(span["startTimeUnixNano"]),
            end_time_unix_nano=int(span["endTimeUnixNano"]),
        )
    )
    made.status.code = Status.STATUS_CODE_ERROR
    made.status.message = span["status"]["message"]
    for pair in span["attributes"]:
        value: Any = made.attributes.add(key=pair["key"]).value
        if "intValue" in pair["value"]:
            value.int_value = int(pair["value"]["intValue"])
        elif "doubleValue" in pair["value"]:
            value.double_value = pair["value"]["doubleValue"]
    return request.SerializeToString()


@pytest.mark.parametrize(("encoding", "encoded"), [("json", as_json), ("protobuf", as_protobuf)])
def test_a_pattern_of_digits_takes_values_and_leaves_times(encoding: str, encoded: Any) -> None:
    """Times in OTLP/JSON are text of 19 digits; a card number may be an integer."""
    clean = redacted_request(Redactor([("card", r"\d{13,19}")]), encoded(SPAN), "traces", encoding)
    (span,) = decode_traces(clean, encoding)
    (sent,) = decode_traces(encoded(SPAN), encoding)
    assert span == sent._replace(
        attributes={**sent.attributes, "card": "[redacted:card]", "card as a number": "[redacted:card]"}
    )


@pytest.mark.parametrize("function", ["quits", "nothing_of_this_name"])
@pytest.mark.parametrize(("encoding", "encoded"), [("json", as_json), ("protobuf", as_protobuf)])
def test_a_function_that_always_fails_leaves_the_span(encoding: str, encoded: Any, function: str) -> None:
    """Its texts are dropped; its ids, times and numbers are not, nor are the names of OTLP's own fields."""
    redactor = Redactor(callables=[f"{__name__}:{function}"])
    (span,) = decode_traces(redacted_request(redactor, encoded(SPAN), "traces", encoding), encoding)
    (sent,) = decode_traces(encoded(SPAN), encoding)
    assert (span.trace_id, span.span_id, span.start_ns, span.end_ns) == sent[3:5] + sent[8:10]
    assert (span.name, span.status_message, set(span.attributes)) == (DROPPED, DROPPED, {DROPPED})
    assert {counter for counter, _ in redactor.take_counts()} == {"redact_error"}


def _in_a_list(value: Any) -> dict[str, Any]:
    return {"arrayValue": {"values": [value]}}


def _in_a_mapping(value: Any) -> dict[str, Any]:
    return {"kvlistValue": {"values": [{"key": "k", "value": value}]}}


@pytest.mark.parametrize("around", [_in_a_list, _in_a_mapping])
def test_a_value_that_is_nested_too_deeply_takes_nothing_with_it(around: Any) -> None:
    """What the receiver reads, the redactor drops and counts: of an attribute, and of the body of a log record."""
    deep: Any = {"stringValue": KEY}
    for _ in range(110):
        deep = around(deep)
    redactor = Redactor()
    redactor.load()
    span = {**SPAN, "attributes": [*SPAN["attributes"], {"key": "deep", "value": deep}]}
    clean = redacted_request(redactor, as_json(span), "traces", "json")
    (read,), (sent,) = decode_traces(clean, "json"), decode_traces(as_json(SPAN), "json")
    assert {name: value for name, value in read.attributes.items() if name != "deep"} == sent.attributes
    assert DROPPED in str(read.attributes["deep"])
    assert KEY.encode() not in clean
    records = [{"body": deep}, {"body": {"stringValue": "kept"}}]
    logs = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()
    clean = redacted_request(redactor, logs, "logs", "json")
    assert [record.body == "kept" for record in decode_logs(clean, "json")] == [False, True]
    assert redactor.take_counts() == {("redact_error", "RecursionError"): 2}


@pytest.mark.parametrize("field", ["traceId", "spanId", "parentSpanId", "traceState", "somethingNew", "flags"])
def test_no_field_of_a_json_span_is_a_way_past_it(field: str) -> None:
    """Also ids that are none, fields of the future, and text where a number belongs."""
    clean = redacted_request(Redactor(), as_json({**SPAN, field: KEY}), "traces", "json")
    assert KEY.encode() not in clean
    assert len(decode_traces(clean, "json")) == 1


def test_ids_that_are_none_hold_no_secret_in_protobuf_either() -> None:
    """The span cannot be stored with such an id; its request would be set aside with it."""
    request = ExportTraceServiceRequest.FromString(as_protobuf(SPAN))
    request.resource_spans[0].scope_spans[0].spans[0].trace_id = KEY.encode()
    assert KEY.encode() not in redacted_request(Redactor(), request.SerializeToString(), "traces", "protobuf")


@pytest.mark.parametrize("kind", ["stringValue", "bytesValue", "arrayValue"])
def test_a_field_that_is_called_a_secret_is_one(kind: str) -> None:
    """Whatever it looks like; captured HTTP headers are lists."""
    held: Any = {"stringValue": "x y", "bytesValue": "eCB5", "arrayValue": {"values": [{"stringValue": "x y"}]}}[kind]
    body = {"kvlistValue": {"values": [{"key": "http.request.header.authorization", "value": {kind: held}}]}}
    request = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": body}]}]}]}
    clean = redacted_request(Redactor(), json.dumps(request).encode(), "logs", "json")
    assert decode_logs(clean, "json")[0].body == {"http.request.header.authorization": "[redacted:named]"}
    assert Redactor().attributes({"db.password": ["x", "y"]}) == {"db.password": "[redacted:named]"}


def test_a_request_without_secrets_is_the_same() -> None:
    """In every field of the schema that it has."""
    for encoding, body in (("json", as_json(SPAN)), ("protobuf", as_protobuf(SPAN))):
        clean = redacted_request(Redactor(), body, "traces", encoding)
        assert (json.loads(clean) == json.loads(body)) if encoding == "json" else (clean == body)
        assert decode_traces(clean, encoding) == decode_traces(body, encoding)


@pytest.mark.parametrize("wrapped", [False, True])
def test_secrets_in_base64_are_found_and_the_rest_is_kept(wrapped: bool) -> None:
    """An attached file of text; a picture is not touched."""
    text = f"first line\nkey = {KEY}\nlast line, Łódź"
    run = b64encode(text.encode()).decode()
    given = "\n".join(run[at : at + 40] for at in range(0, len(run), 40)) if wrapped else run
    expected = b64encode(text.replace(KEY, "[redacted:anthropic-key]").encode()).decode()
    assert Redactor().text(f"file {given} end") == f"file {expected} end"
    picture = b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20).decode()
    assert Redactor().text(picture) is picture
