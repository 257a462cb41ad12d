"""Spans and log records as OTLP bytes, held against the official encoder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from otel_i2e.capture.encode import Encoder
from otel_i2e.capture.supplements import ExtraEvent, add_supplement, take_supplement

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
VALUES = (
    TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.lists(TEXT, max_size=3)
)
ATTRIBUTES = st.dictionaries(TEXT, VALUES, max_size=5)
TIMES = st.integers(0, 2**63)
CONTEXTS = st.builds(
    SpanContext,
    trace_id=st.integers(1, 2**128 - 1),
    span_id=st.integers(1, 2**64 - 1),
    is_remote=st.booleans(),
    trace_flags=st.just(TraceFlags(1)),
    trace_state=st.sampled_from([TraceState(), TraceState([("a", "1"), ("b", "2")])]),
)
STATUSES = (
    st.just(Status(StatusCode.UNSET))
    | st.just(Status(StatusCode.OK))
    | st.builds(Status, st.just(StatusCode.ERROR), TEXT)
)
RESOURCES = [Resource({"service.name": "a"}, "https://schema"), Resource({"n": 1})]
SCOPES = [InstrumentationScope("s", "1", "https://schema", {"x": True}), InstrumentationScope("t"), None]
SPANS = st.builds(
    ReadableSpan,
    name=TEXT,
    context=CONTEXTS,
    parent=st.none() | CONTEXTS,
    resource=st.sampled_from(RESOURCES),
    attributes=ATTRIBUTES,
    events=st.lists(st.builds(Event, TEXT, ATTRIBUTES, TIMES), max_size=2),
    links=st.lists(st.builds(Link, CONTEXTS, ATTRIBUTES), max_size=2),
    kind=st.sampled_from(SpanKind),
    status=STATUSES,
    start_time=TIMES,
    end_time=TIMES,
    instrumentation_scope=st.sampled_from(SCOPES),
)


def _span(attributes: dict[str, Any] | None = None, **given: Any) -> ReadableSpan:
    given.setdefault("resource", RESOURCES[0])
    return ReadableSpan(
        "span", SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1)), attributes=attributes or {}, **given
    )


@given(st.lists(SPANS, max_size=6))
def test_spans_are_encoded_as_the_official_encoder_does(spans: list[ReadableSpan]) -> None:
    """Parsed with the real messages, the request is the official one."""
    body, taken = Encoder().traces(spans)
    assert ExportTraceServiceRequest.FromString(body) == encode_spans(spans)
    assert taken == len(spans)


@given(
    st.lists(
        st.tuples(CONTEXTS | st.none(), TEXT, st.none() | TEXT, ATTRIBUTES, st.sampled_from(SeverityNumber), TIMES)
    )
)
def test_log_records_are_encoded_as_the_official_encoder_does(given_records: list[Any]) -> None:
    """With and without a trace, a name and a body."""
    records: list[ReadableLogRecord] = []
    for of_trace, name, body, attributes, severity, time_ns in given_records:
        context = trace.set_span_in_context(trace.NonRecordingSpan(of_trace or trace.INVALID_SPAN_CONTEXT))
        record = LogRecord(
            timestamp=time_ns,
            observed_timestamp=time_ns,
            context=context,
            severity_number=severity,
            severity_text=severity.name,
            body=body,
            attributes=attributes,
            event_name=name,
        )
        records.append(ReadableLogRecord(record, RESOURCES[0], SCOPES[0]))
    encoded, taken = Encoder().logs(records)
    assert ExportLogsServiceRequest.FromString(encoded) == encode_logs(records)
    assert taken == len(records)


def test_two_requests_joined_are_one(spans_in: Callable[[bytes], list[Any]]) -> None:
    """Chunks of one batch need no common envelope."""
    encoder = Encoder()
    assert len(spans_in(encoder.traces([_span()])[0] + encoder.traces([_span(), _span()])[0])) == 3


def test_a_long_value_is_cut_and_says_what_it_was(spans_in: Callable[[bytes], list[Any]]) -> None:
    """Whole characters up to the limit stay; size and hash of the whole are recorded; short ones are untouched."""
    long = "é" * 100
    [span] = spans_in(Encoder(max_content_bytes=51).traces([_span({"a": long, "b": "x" * 40, "c": b"\0" * 99})])[0])
    assert span.attributes["a"] == "é" * 25
    assert span.attributes["b"] == "x" * 40
    assert span.attributes["c"] == b"\0" * 51
    cut = json.loads(span.attributes["i2e.content.truncated"])
    assert cut == {
        "a": {"bytes": 200, "sha256": hashlib.sha256(long.encode()).hexdigest()},
        "c": {"bytes": 99, "sha256": hashlib.sha256(b"\0" * 99).hexdigest()},
    }


def test_long_values_in_events_and_inside_others_are_cut_too(spans_in: Callable[[bytes], list[Any]]) -> None:
    """A nested value over the limit becomes the beginning of its JSON; an event's is named by the event."""
    events = [Event("said", {"text": "y" * 90}, 1)]
    [span] = spans_in(Encoder(max_content_bytes=50).traces([_span({"list": ["x" * 30, "x" * 30]}, events=events)])[0])
    assert span.attributes["list"] == json.dumps(["x" * 30, "x" * 30])[:50]
    assert span.events == [("said", {"text": "y" * 50})]
    assert set(json.loads(span.attributes["i2e.content.truncated"])) == {"list", "said:text"}


def test_a_value_of_exactly_the_limit_is_whole(spans_in: Callable[[bytes], list[Any]]) -> None:
    """The limit is on the text, not on its envelope."""
    [span] = spans_in(Encoder(max_content_bytes=50).traces([_span({"a": "x" * 50})])[0])
    assert span.attributes == {"a": "x" * 50}


def test_values_that_come_again_are_the_same_again(spans_in: Callable[[bytes], list[Any]]) -> None:
    """Also where Python takes True, 1 and 1.0 for one, and where each time something is cut."""
    encoder = Encoder(max_content_bytes=10)
    rounds: list[dict[str, Any]] = [
        {"n": 1, "t": "x" * 12},
        {"n": True, "t": "x" * 12},
        {"n": 1.0},
        {"n": 1},
        {"n": "1"},
    ]
    spans = [span for _ in range(2) for span in spans_in(encoder.traces([_span(values) for values in rounds])[0])]
    assert [(type(span.attributes["n"]), span.attributes["n"]) for span in spans] == [
        (type(values["n"]), values["n"]) for values in rounds
    ] * 2
    cut = [span for span in spans if span.attributes.get("t")]
    assert len(cut) == 4
    assert all(json.loads(span.attributes["i2e.content.truncated"])["t"]["bytes"] == 12 for span in cut)


def test_what_the_sdk_dropped_is_counted_as_the_official_encoder_does() -> None:
    """Attributes, events and links beyond the SDK's limits; attributes of events and links too."""
    limits = SpanLimits(max_span_attributes=1, max_events=1, max_links=1, max_event_attributes=1, max_link_attributes=1)
    kept = InMemorySpanExporter()
    provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    of_other = SpanContext(5, 6, is_remote=True, trace_flags=TraceFlags(1))
    two = {"a": 1, "b": 2}
    span = provider.get_tracer("x").start_span("full", attributes=two, links=[Link(of_other, two), Link(of_other, two)])
    span.add_event("one", two)
    span.add_event("two", two)
    span.end()
    spans = kept.get_finished_spans()
    official = encode_spans(spans)
    [said] = official.resource_spans[0].scope_spans[0].spans
    assert (said.dropped_attributes_count, said.dropped_events_count, said.dropped_links_count) == (1, 1, 1)
    assert ExportTraceServiceRequest.FromString(Encoder().traces(spans)[0]) == official


def test_what_the_sdk_cut_is_marked(spans_in: Callable[[bytes], list[Any]]) -> None:
    """A value, or one of a list, that fills the SDK's limit; without content there is nothing to mark."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(span_limits=SpanLimits(max_span_attribute_length=4), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    provider.get_tracer("x").start_span("s", attributes={"a": "longer", "b": ["b", "longer"], "c": "ccc", "n": 5}).end()
    [span] = spans_in(Encoder().traces(kept.get_finished_spans())[0])
    assert json.loads(span.attributes["i2e.content.truncated"]) == {"a": {"characters": 4}, "b": {"characters": 4}}
    [span] = spans_in(Encoder(content=False).traces(kept.get_finished_spans())[0])
    assert "i2e.content.truncated" not in span.attributes


def test_metadata_mode_leaves_content_out_and_says_so(spans_in: Callable[[bytes], list[Any]]) -> None:
    """Content of several dialects goes, attributes and events; the rest stays."""
    events = [
        Event("gen_ai.choice", {"message": "secret"}, 1),
        Event("gen_ai.client.inference.operation.details", {"gen_ai.input.messages": "secret", "gen_ai.usage": 1}, 1),
        Event("exception", {"exception.type": "E", "exception.message": "secret", "exception.stacktrace": "secret"}, 1),
    ]
    said = "gen_ai.input.messages", "llm.input_messages.0.message.content", "ai.prompt", "prompt", "input.value"
    content = dict.fromkeys(said, "secret")
    kept = {"gen_ai.request.model": "m", "gen_ai.prompt.name": "p", "gen_ai.usage.input_tokens": 3}
    body, _ = Encoder(content=False).traces([_span({**content, **kept}, events=events)])
    [span] = spans_in(body)
    assert span.attributes == {**kept, "i2e.content.capture": "metadata"}
    assert [name for name, _ in span.events] == ["gen_ai.client.inference.operation.details", "exception"]
    assert span.events[-1] == ("exception", {"exception.type": "E"})
    assert b"secret" not in body


@pytest.mark.parametrize(
    ("attributes", "types", "kept"),
    [({}, ["A", "shop.Refused"], "shop.Refused"), ({"error.type": "429"}, [], "429"), ({}, [], "")],
)
def test_metadata_mode_keeps_the_type_of_an_error_only(attributes: dict[str, Any], types: list[str], kept: str) -> None:
    """The text of an exception may hold what was asked; with content it stays as it is."""
    kept_spans = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept_spans))
    span = provider.get_tracer("x").start_span("failed", attributes=attributes)
    for kind in types:
        span.add_event("exception", {"exception.type": kind, "exception.message": "secret"})
    span.set_status(StatusCode.ERROR, "Refused: secret")
    span.end()
    for content, said in ((False, kept), (True, "Refused: secret")):
        body, _ = Encoder(content=content).traces(kept_spans.get_finished_spans())
        request = ExportTraceServiceRequest.FromString(body)
        status = request.resource_spans[0].scope_spans[0].spans[0].status
        assert (status.message, status.code) == (said, 2)


def test_metadata_mode_leaves_the_body_of_a_model_event_out() -> None:
    """The messages of older instrumentations are in the bodies of log records."""
    record = LogRecord(body={"content": "secret"}, event_name="gen_ai.user.message", attributes={"gen_ai.system": "x"})
    readable = [ReadableLogRecord(record, RESOURCES[0], SCOPES[0])]
    assert b"secret" not in Encoder(content=False).logs(readable)[0]
    assert b"secret" in Encoder().logs(readable)[0]


def test_service_and_environment_of_the_settings_win(spans_in: Callable[[bytes], list[Any]]) -> None:
    """They replace the resource's; empty ones leave it alone."""
    [span] = spans_in(Encoder(service="shop", environment="test").traces([_span()])[0])
    assert span.resource == {"service.name": "shop", "deployment.environment.name": "test"}
    [span] = spans_in(Encoder().traces([_span()])[0])
    assert span.resource == {"service.name": "a"}


def test_an_item_that_cannot_be_encoded_costs_only_itself(spans_in: Callable[[bytes], list[Any]]) -> None:
    """It is counted as lost, and the others are there."""
    encoder = Encoder()
    body, taken = encoder.traces([_span(), ReadableSpan("no identity", resource=RESOURCES[0]), _span()])
    assert (taken, len(spans_in(body))) == (2, 2)
    assert encoder.take_counts()["lost"] == 1
    assert encoder.take_counts()["lost"] == 0


@pytest.mark.parametrize("hostile", ["a\ud800", "\0", 2**70, {"deep": {"er": [None]}}, object()])
def test_whatever_an_attribute_holds_the_span_is_kept(hostile: Any, spans_in: Callable[[bytes], list[Any]]) -> None:
    """Attributes are never the reason for a lost span."""
    [span] = spans_in(Encoder().traces([_span({"odd": hostile, "good": 1})])[0])
    assert span.attributes["good"] == 1
    assert "odd" in span.attributes


class _Adds:
    def complete(self, attributes: dict[str, Any], *, failed: bool) -> list[ExtraEvent]:
        attributes.setdefault("mine", "theirs")
        attributes["failed"] = failed
        return [ExtraEvent("exception", 5, {"exception.message": "why"})]


class _Breaks:
    def complete(self, attributes: dict[str, Any], *, failed: bool) -> list[ExtraEvent]:
        raise RuntimeError(f"no: {attributes}, {failed}")


def test_a_supplement_completes_its_span_once(spans_in: Callable[[bytes], list[Any]]) -> None:
    """It sees the attributes and whether the call failed, adds events, and is then forgotten."""
    add_supplement(2, _Adds())
    [span] = spans_in(Encoder().traces([_span({"mine": "own"}, status=Status(StatusCode.ERROR))])[0])
    assert span.attributes == {"mine": "own", "failed": True}
    assert span.events == [("exception", {"exception.message": "why"})]
    assert take_supplement(2) is None


def test_a_supplement_that_raises_costs_no_span(spans_in: Callable[[bytes], list[Any]]) -> None:
    """The span is recorded as it is, and the failure counted."""
    add_supplement(2, _Breaks())
    encoder = Encoder()
    assert len(spans_in(encoder.traces([_span()])[0])) == 1
    assert encoder.take_counts()["incomplete"] == 1
