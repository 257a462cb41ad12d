"""OTLP requests in both encodings."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber

from otel_i2e.errors import DecodeError
from otel_i2e.normalize import RawLog, RawSpan, decode_logs, decode_traces, refusal

Json = dict[str, Any]
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"

# One model of a request, written in both encodings: an AnyValue is (field, content).
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
int64 = st.integers(-(2**63), 2**63 - 1)
leaves: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.just("string"), texts),
    st.tuples(st.just("bool"), st.booleans()),
    st.tuples(st.just("int"), int64),
    st.tuples(st.just("double"), st.floats(allow_nan=True)),
    st.tuples(st.just("bytes"), st.binary(max_size=8)),
    st.tuples(st.just("none"), st.none()),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("array"), st.lists(inner, max_size=3)),
        st.tuples(st.just("kvlist"), st.dictionaries(texts, inner, max_size=3)),
    ),
    max_leaves=6,
)
attributes = st.dictionaries(texts, values, max_size=4)
nanoseconds = st.integers(0, 2**64 - 1)
trace_ids = st.binary(min_size=16, max_size=16)
span_ids = st.binary(min_size=8, max_size=8)
spans = st.fixed_dictionaries(
    {
        "trace": trace_ids,
        "span": span_ids,
        "parent": st.one_of(st.just(b""), span_ids),
        "name": texts,
        "kind": st.integers(0, 5),
        "start": nanoseconds,
        "end": nanoseconds,
        "attributes": attributes,
        "events": st.lists(st.tuples(texts, nanoseconds, attributes), max_size=2),
        "links": st.lists(st.tuples(trace_ids, span_ids, attributes), max_size=1),
        "status": st.tuples(st.integers(0, 2), texts),
    }
)
requests = st.lists(
    st.tuples(attributes, st.lists(st.tuples(texts, texts, st.lists(spans, max_size=2)), max_size=2)), max_size=2
)


@given(requests)
def test_both_encodings_of_a_request_decode_to_the_same_spans(request: list[Any]) -> None:
    """Protobuf and OTLP/JSON say the same, so they decode the same, integers as text included."""
    from_protobuf = decode_traces(_protobuf(request), "protobuf")
    assert decode_traces(_json(request, big_as_text=False), "json") == from_protobuf
    assert decode_traces(_json(request, big_as_text=True), "json") == from_protobuf
    assert len(from_protobuf) == sum(len(records) for _, scopes in request for _, _, records in scopes)


@given(st.binary(max_size=200), st.sampled_from(["protobuf", "json"]))
def test_any_bytes_decode_or_are_refused_in_one_line(body: bytes, encoding: str) -> None:
    """Whatever arrives, the answer is spans or a DecodeError of one line."""
    for decode in (decode_traces, decode_logs):
        assert "\n" not in _refused(decode, body, encoding)


def test_a_span_has_every_field_of_the_wire() -> None:
    """Identity, times, kind, status, attributes of every type, events, links, scope and resource."""
    request: list[Any] = [
        (
            {"service.name": ("string", "shop")},
            [
                (
                    "scope",
                    "1.0",
                    [
                        {
                            "trace": bytes.fromhex(TRACE_ID),
                            "span": bytes.fromhex(SPAN_ID),
                            "parent": b"\1" * 8,
                            "name": "chat",
                            "kind": 3,
                            "start": 10,
                            "end": 20,
                            "attributes": {
                                "list": ("array", [("int", 1), ("none", None)]),
                                "map": ("kvlist", {"a": ("bool", False)}),
                                "nan": ("double", float("nan")),
                                "raw": ("bytes", b"\xff"),
                            },
                            "events": [("exception", 15, {"exception.type": ("string", "E")})],
                            "links": [(b"\2" * 16, b"\3" * 8, {})],
                            "status": (2, "broke"),
                        }
                    ],
                )
            ],
        )
    ]
    (span,) = decode_traces(_protobuf(request), "protobuf")
    assert (span.trace_id, span.span_id, span.parent_span_id) == (TRACE_ID, SPAN_ID, "01" * 8)
    assert (span.resource, span.scope_name, span.scope_version) == ({"service.name": "shop"}, "scope", "1.0")
    assert (span.name, span.otel_kind, span.start_ns, span.end_ns) == ("chat", 3, 10, 20)
    assert span.attributes == {"list": [1, None], "map": {"a": False}, "nan": "NaN", "raw": "/w=="}
    assert [tuple(event) for event in span.events] == [("exception", 15, {"exception.type": "E"})]
    assert [tuple(link) for link in span.links] == [("02" * 16, "03" * 8, {})]
    assert (span.status_code, span.status_message) == ("error", "broke")


def test_a_log_record_decodes_from_both_encodings() -> None:
    """Body, attributes, ids and the event name, from the field or from the older attribute."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    new, old = scope.log_records.add(), scope.log_records.add()
    new.event_name, new.time_unix_nano, new.severity_number = "gen_ai.choice", 7, SeverityNumber.SEVERITY_NUMBER_INFO
    new.trace_id, new.span_id = bytes.fromhex(TRACE_ID), bytes.fromhex(SPAN_ID)
    _fill(new.body, ("kvlist", {"index": ("int", 0)}))
    old.observed_time_unix_nano = 9
    _pair(old.attributes, "event.name", ("string", "gen_ai.user.message"))
    record = {
        "eventName": "gen_ai.choice",
        "timeUnixNano": "7",
        "severityNumber": 9,
        "traceId": TRACE_ID.upper(),
        "spanId": SPAN_ID,
        "body": {"kvlistValue": {"values": [{"key": "index", "value": {"intValue": "0"}}]}},
    }
    older = {
        "observedTimeUnixNano": 9,
        "attributes": [{"key": "event.name", "value": {"stringValue": "gen_ai.user.message"}}],
    }
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record, older]}]}]}).encode()

    logs = decode_logs(request.SerializeToString(), "protobuf")
    assert logs == decode_logs(body, "json")
    assert logs[0] == RawLog({}, "", "", TRACE_ID, SPAN_ID, "gen_ai.choice", 7, 9, {"index": 0}, {})
    assert (logs[1].event_name, logs[1].time_ns, logs[1].trace_id) == ("gen_ai.user.message", 9, "")


@pytest.mark.parametrize(
    ("span", "named"),
    [
        ({"kind": "SPAN_KIND_CLIENT"}, "'kind' is an integer"),
        ({"status": {"code": "STATUS_CODE_ERROR"}}, "'code' is an integer"),
        ({"trace_id": TRACE_ID}, "'trace_id' is no OTLP/JSON field name"),
        ({"start_time_unix_nano": 1}, "'start_time_unix_nano' is no OTLP/JSON field name"),
        ({"startTimeUnixNano": "soon"}, "'startTimeUnixNano' is an integer"),
        ({"startTimeUnixNano": -1}, "'startTimeUnixNano' is nanoseconds"),
        ({"startTimeUnixNano": "9" * 30}, "'startTimeUnixNano' is nanoseconds"),
        ({"name": 7}, "'name' is text"),
        ({"attributes": {"a": 1}}, "'attributes' is a list of objects"),
        ({"attributes": [{"key": "a", "value": {"intValue": "many"}}]}, "'intValue' is an integer"),
        ({"attributes": [{"key": "a", "value": {"intValue": True}}]}, "'intValue' is an integer"),
        ({"attributes": [{"key": "a", "value": {"boolValue": 1}}]}, "'boolValue' is true or false"),
        ({"attributes": [{"key": "a", "value": {"doubleValue": "much"}}]}, "'doubleValue' is a number"),
        ({"attributes": [{"key": "a", "value": {"string_value": "x"}}]}, "'string_value' is no OTLP/JSON field name"),
        ({"events": [{"name": "e", "time_unix_nano": "1"}]}, "'time_unix_nano' is no OTLP/JSON field name"),
        ({"links": [{"trace_id": TRACE_ID}]}, "'trace_id' is no OTLP/JSON field name"),
        ({"trace_state": "a=b"}, "'trace_state' is no OTLP/JSON field name"),
        ({"attributes": [{"key": "a", "value": {"stringValue": 1}}]}, "'stringValue' and 'bytesValue' are text"),
    ],
)
def test_json_that_breaks_a_rule_is_refused_by_name(span: Json, named: str) -> None:
    """Enumeration names, snake_case and wrong types are refused with the field and the rule."""
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    with pytest.raises(DecodeError, match=named):
        decode_traces(body, "json")


@pytest.mark.parametrize(
    "body", [b'{"resource_spans": []}', b'{"resourceSpans": [{"scope_spans": []}]}', b"[]", b"7", b""]
)
def test_json_of_another_shape_is_refused(body: bytes) -> None:
    """What would silently be nothing is refused: snake_case names of the outer levels, and no object at all."""
    with pytest.raises(DecodeError):
        decode_traces(body, "json")


@pytest.mark.parametrize("name", ["event_name", "severity_number", "time_unix_nano", "observed_time_unix_nano"])
def test_snake_case_in_a_log_record_is_refused(name: str) -> None:
    """An event without its name would be no content of anything."""
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{name: "gen_ai.choice"}]}]}]}).encode()
    with pytest.raises(DecodeError, match=f"'{name}' is no OTLP/JSON field name"):
        decode_logs(body, "json")


def test_unknown_fields_and_nulls_are_ignored() -> None:
    """OTLP/JSON grows: what is not known is left out, null is the default."""
    span: Json = {
        "traceId": TRACE_ID,
        "spanId": SPAN_ID,
        "flags": 1,
        "novelty": {"x": []},
        "name": None,
        "events": None,
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}], "more": 1}).encode()
    (raw,) = decode_traces(body, "json")
    assert (raw.trace_id, raw.name, raw.events) == (TRACE_ID, "", [])


def test_lone_surrogates_in_json_are_mended() -> None:
    """One broken character does not lose a request; text that only looks like an escape is left alone."""
    attribute = '{"key": "a\\udc00", "value": {"stringValue": "x\\ud800y \\ud83d\\ude00 \\\\ud800"}}'
    body = f'{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{{"attributes": [{attribute}]}}]}}]}}]}}'.encode()
    (raw,) = decode_traces(body, "json")
    assert raw.attributes == {"a\ufffd": "x\ufffdy 😀 \\ud800"}


def test_numbers_beyond_64_bits_stay_as_they_were_sent() -> None:
    """An integer attribute that does not fit is kept as its text, or as the float that JSON made of it."""
    pairs = [{"key": "text", "value": {"intValue": "9" * 30}}, {"key": "number", "value": {"intValue": 10**30}}]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": pairs}]}]}]}).encode()
    (raw,) = decode_traces(body, "json")
    assert raw.attributes == {"text": "9" * 30, "number": 1e30}


@pytest.mark.parametrize("depth", [100, 5000])
def test_deep_nesting_never_crashes(depth: int) -> None:
    """Nesting is decoded or refused, by both encodings."""
    value: Json = {"stringValue": "leaf"}
    for _ in range(min(depth, 300)):
        value = {"arrayValue": {"values": [value]}}
    text = json.dumps(value) if depth <= 300 else '{"arrayValue":{"values":[' * depth + "]}}" * depth
    body = f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"attributes":[{{"key":"a","value":{text}}}]}}]}}]}}]}}'
    message = b""
    for _ in range(depth):
        message = (
            b"\x2a" + _varint(len(message) + 1 + len(_varint(len(message)))) + b"\x0a" + _varint(len(message)) + message
        )
    for encoded, encoding in ((body.encode(), "json"), (message, "protobuf")):
        assert "\n" not in _refused(decode_traces, encoded, encoding)


def test_ids_that_cannot_be_stored_are_named_span_by_span() -> None:
    """Zero, short and non-hex ids refuse their span, not the request they came with."""
    ids = [
        (TRACE_ID, SPAN_ID, None),
        ("0" * 32, SPAN_ID, "trace id is not 16 bytes, or zero"),
        (TRACE_ID[:16], SPAN_ID, "trace id is not 16 bytes, or zero"),
        ("CvdlGRbNQ92ESOshHIAxnA==", SPAN_ID, "trace id is not 16 bytes, or zero"),
        (TRACE_ID, "0" * 16, "span id is not 8 bytes, or zero"),
        (TRACE_ID, "", "span id is not 8 bytes, or zero"),
    ]
    listed = [{"traceId": trace, "spanId": span} for trace, span, _ in ids]
    raws = decode_traces(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": listed}]}]}).encode(), "json")
    assert [refusal(raw) for raw in raws] == [reason for _, _, reason in ids]


def test_an_unknown_encoding_is_refused() -> None:
    """The message names what was given and what there is."""
    with pytest.raises(DecodeError, match="'yaml' is not known; it is one of protobuf, json"):
        decode_traces(b"", "yaml")


def test_spans_of_a_resource_share_its_object() -> None:
    """The resource is decoded once, and `normalize_span` writes its JSON once."""
    span: Json = {"trace": b"\1" * 16, "span": b"\2" * 8, "parent": b"", "name": "", "kind": 0, "start": 0, "end": 0}
    span |= {"attributes": {}, "events": [], "links": [], "status": (0, "")}
    raws: list[RawSpan] = decode_traces(_protobuf([({}, [("", "", [span, span])])]), "protobuf")
    assert raws[0].resource is raws[1].resource


def _refused(decode: Callable[[bytes, str], Any], body: bytes, encoding: str) -> str:
    """What a refusal says; empty when the body was decoded."""
    try:
        decode(body, encoding)
    except DecodeError as error:
        return str(error)
    return ""


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _protobuf(request: list[Any]) -> bytes:
    message = ExportTraceServiceRequest()
    for resource, scopes in request:
        of_resource = message.resource_spans.add()
        _pairs(of_resource.resource.attributes, resource)
        for name, version, records in scopes:
            of_scope = of_resource.scope_spans.add()
            of_scope.scope.name, of_scope.scope.version = name, version
            for record in records:
                _put_span(of_scope.spans.add(), record)
    return message.SerializeToString()


def _put_span(span: Any, record: Json) -> None:
    span.trace_id, span.span_id, span.parent_span_id = record["trace"], record["span"], record["parent"]
    span.name, span.kind = record["name"], record["kind"]
    span.start_time_unix_nano, span.end_time_unix_nano = record["start"], record["end"]
    _pairs(span.attributes, record["attributes"])
    for name, time, held in record["events"]:
        event = span.events.add()
        event.name, event.time_unix_nano = name, time
        _pairs(event.attributes, held)
    for trace, other, held in record["links"]:
        link = span.links.add()
        link.trace_id, link.span_id = trace, other
        _pairs(link.attributes, held)
    span.status.code, span.status.message = record["status"]


def _pairs(holder: Any, held: Json) -> None:
    for key, value in held.items():
        _pair(holder, key, value)


def _pair(holder: Any, key: str, value: tuple[str, Any]) -> None:
    pair = holder.add()
    pair.key = key
    pair.value.SetInParent()
    _fill(pair.value, value)


def _fill(message: Any, value: tuple[str, Any]) -> None:
    kind, content = value
    if kind == "array":
        message.array_value.SetInParent()
        for item in content:
            _fill(message.array_value.values.add(), item)
    elif kind == "kvlist":
        message.kvlist_value.SetInParent()
        _pairs(message.kvlist_value.values, content)
    elif kind != "none":
        setattr(message, f"{kind}_value", content)


def _json(request: list[Any], *, big_as_text: bool) -> bytes:
    def number(value: int) -> int | str:
        return str(value) if big_as_text else value

    def any_value(value: tuple[str, Any]) -> Json:
        kind, content = value
        if kind == "array":
            return {"arrayValue": {"values": [any_value(item) for item in content]}}
        if kind == "kvlist":
            return {"kvlistValue": {"values": pairs(content)}}
        if kind == "bytes":
            return {"bytesValue": base64.b64encode(content).decode()}
        if kind == "double":
            return {"doubleValue": content if abs(content) < float("inf") else _spelled(content)}
        if kind == "none":
            return {}
        return {f"{kind}Value": number(content) if kind == "int" else content}

    def pairs(held: Json) -> list[Json]:
        return [{"key": key, "value": any_value(value)} for key, value in held.items()]

    def span(record: Json) -> Json:
        return {
            "traceId": record["trace"].hex(),
            "spanId": record["span"].hex().upper(),
            "parentSpanId": record["parent"].hex(),
            "name": record["name"],
            "kind": record["kind"],
            "startTimeUnixNano": number(record["start"]),
            "endTimeUnixNano": number(record["end"]),
            "attributes": pairs(record["attributes"]),
            "events": [{"name": n, "timeUnixNano": number(t), "attributes": pairs(a)} for n, t, a in record["events"]],
            "links": [{"traceId": t.hex(), "spanId": s.hex(), "attributes": pairs(a)} for t, s, a in record["links"]],
            "status": {"code": record["status"][0], "message": record["status"][1]},
        }

    return json.dumps(
        {
            "resourceSpans": [
                {
                    "resource": {"attributes": pairs(resource)},
                    "scopeSpans": [
                        {"scope": {"name": name, "version": version}, "spans": [span(record) for record in records]}
                        for name, version, records in scopes
                    ],
                }
                for resource, scopes in request
            ]
        }
    ).encode()


def _spelled(value: float) -> str:
    return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value, "NaN")


@pytest.mark.parametrize("marker", [None, '{"input.value": {"characters": 9}}', "true", "[", 3])
def test_attributes_that_a_sender_left_out_are_marked_as_cut(marker: Any) -> None:
    """In both encodings, beside what the sender says itself; without any there is no mark."""
    said = [] if marker is None else [{"key": "i2e.content.truncated", "value": _any_value(marker)}]
    span = {"traceId": TRACE_ID, "spanId": SPAN_ID, "attributes": said}
    for count in (0, 3):
        dropped: Json = {"resourceSpans": [{"scopeSpans": [{"spans": [{**span, "droppedAttributesCount": count}]}]}]}
        body = json.dumps(dropped).encode()
        [of_json] = decode_traces(body, "json")
        by_hand = ExportTraceServiceRequest()
        one = (
            by_hand.resource_spans.add()
            .scope_spans.add()
            .spans.add(trace_id=bytes.fromhex(TRACE_ID), span_id=bytes.fromhex(SPAN_ID), dropped_attributes_count=count)
        )
        if isinstance(marker, str):
            one.attributes.add(key="i2e.content.truncated").value.string_value = marker
        elif marker is not None:
            one.attributes.add(key="i2e.content.truncated").value.int_value = marker
        [of_protobuf] = decode_traces(by_hand.SerializeToString(), "protobuf")
        assert of_json.attributes == of_protobuf.attributes
        marks = of_json.attributes.get("i2e.content.truncated")
        if count:
            known: dict[str, Any] = json.loads(marker) if isinstance(marker, str) and marker.startswith("{") else {}
            assert json.loads(str(marks)) == {**known, "dropped attributes": {"count": 3}}
        else:
            assert marks == marker


def _any_value(value: Any) -> Json:
    return {"intValue": value} if isinstance(value, int) else {"stringValue": value}
