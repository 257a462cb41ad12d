"""Makes a recording the same in every run: ids by order, times by rank, nothing of the machine that recorded it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from recorder import Recording

__all__ = ["scrubbed"]

_BEGIN_NS: Final = 1_795_132_800_000_000_000  # 2026-11-20T00:00:00Z
_HOUR_NS: Final = 3_600_000_000_000
_STEP_NS: Final = 1_000_000
_DROPPED_RESOURCE: Final = ("process.", "host.", "os.", "container.", "service.instance", "langsmith.")
_IDS: Final = re.compile(
    r"\b(?:(?:msg|req|resp|fc|rs|tc|call|run|lc_run-|lc_run|chatcmpl|e|event|step|tr)[-_]+)?"
    r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{24,48})\b"
)
_ADDRESS: Final = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_PORT: Final = re.compile(r"\b(127\.0\.0\.1|localhost):\d{4,5}\b")
_NOW: Final = re.compile(r"\b20\d\d-(?!09-21)\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?")
_MEASURED: Final = re.compile(r"time_to_first|msTo|PerSecond|(^|[._])duration$|latency", re.IGNORECASE)
_TOOK: Final = re.compile(r" took \d+\.\d\ds")
_HEX: Final = re.compile(r"[0-9a-f]")


class _Names:
    """Gives each id seen another of the same shape, by order of appearance."""

    def __init__(self, seed: str, paths: Iterable[tuple[str, str]]) -> None:
        self._seed = seed
        self._known: dict[str, str] = {}
        self._paths = sorted(paths, key=lambda pair: -len(pair[0]))

    def text(self, text: str) -> str:
        for path, name in self._paths:
            text = text.replace(path, name)
        text = _PORT.sub(r"\1:8080", text)
        text = _TOOK.sub(" took 0.12s", text)
        text = _ADDRESS.sub("0x7f0000000000", text)
        text = _NOW.sub(r"2026-11-20\g<1>00:00:00", text)
        return _IDS.sub(lambda match: self.id(match.group()), text)

    def id(self, id: str) -> str:
        if id not in self._known:
            digits = hashlib.sha256(f"{self._seed} {len(self._known)}".encode()).hexdigest()
            prefix = re.match(r"(?:[A-Za-z]+[-_]+)*", id)
            kept = prefix.group() if prefix and not re.match(r"[0-9a-f]+-", prefix.group()) else ""
            supply = cycle(digits)
            self._known[id] = kept + _HEX.sub(lambda _: next(supply), id[len(kept) :])
        return self._known[id]


def scrubbed(
    recording: Recording, *, seed: str, hour: int, paths: Iterable[tuple[Path | str, str]]
) -> tuple[bytes, bytes, Any]:
    """Traces, logs (protobuf; empty when there are none) and the wire.

    Ids follow from `seed`, times begin at `hour`; `paths` are folders of this machine and what they are called instead.
    """
    names = _Names(seed, ((str(path), name) for path, name in paths))
    wire = json.loads(names.text(json.dumps(recording.wire, ensure_ascii=False)))
    traces, logs = ExportTraceServiceRequest(), ExportLogsServiceRequest()
    for body in recording.traces:
        traces.MergeFromString(body)
    for body in recording.logs:
        logs.MergeFromString(body)
    _order(traces)
    moved = _moment(_times(traces, logs), _BEGIN_NS + hour * _HOUR_NS)
    for group in traces.resource_spans:
        _resource(group.resource, names)
        for scope in group.scope_spans:
            for span in scope.spans:
                _span(span, names, moved)
    for group in logs.resource_logs:
        _resource(group.resource, names)
        for scope in group.scope_logs:
            for record in scope.log_records:
                _ids(record, names)
                record.time_unix_nano = moved(record.time_unix_nano)
                record.observed_time_unix_nano = moved(record.observed_time_unix_nano)
                _value(record.body, names)
                _attributes(record.attributes, names)
    return traces.SerializeToString(deterministic=True), logs.SerializeToString(deterministic=True), wire


def _order(traces: ExportTraceServiceRequest) -> None:
    for group in traces.resource_spans:
        for scope in group.scope_spans:
            scope.spans.sort(key=lambda span: (span.end_time_unix_nano, span.start_time_unix_nano))


def _span(span: Any, names: _Names, moved: Callable[[int], int]) -> None:
    _ids(span, names)
    if span.parent_span_id:
        span.parent_span_id = bytes.fromhex(names.id(span.parent_span_id.hex()))
    span.name = names.text(span.name)
    span.status.message = names.text(span.status.message)
    span.start_time_unix_nano = moved(span.start_time_unix_nano)
    span.end_time_unix_nano = moved(span.end_time_unix_nano)
    _attributes(span.attributes, names)
    for event in span.events:
        event.time_unix_nano = moved(event.time_unix_nano)
        _attributes(event.attributes, names)
    for link in span.links:
        _ids(link, names)


def _ids(owner: Any, names: _Names) -> None:
    for field in ("trace_id", "span_id"):
        if value := getattr(owner, field):
            setattr(owner, field, bytes.fromhex(names.id(value.hex())))


def _resource(resource: Any, names: _Names) -> None:
    kept = [pair for pair in resource.attributes if not pair.key.startswith(_DROPPED_RESOURCE)]
    del resource.attributes[:]
    resource.attributes.extend(kept)
    _attributes(resource.attributes, names)


def _attributes(attributes: Any, names: _Names) -> None:
    kept = [pair for pair in attributes if not pair.key.startswith(("code.", "thread."))]
    if len(kept) != len(attributes):
        copies = [KeyValue.FromString(pair.SerializeToString()) for pair in kept]
        del attributes[:]
        attributes.extend(copies)
    for pair in attributes:
        if pair.key == "server.port":
            pair.value.int_value = 8080
        elif _MEASURED.search(pair.key):
            _fix(pair.value)
        elif pair.key in ("exception.stacktrace", "logfire.code"):
            pair.value.string_value = "Traceback (most recent call last): …"
        else:
            _value(pair.value, names)


def _fix(value: AnyValue) -> None:
    """What a clock measured is the same in every recording."""
    match value.WhichOneof("value"):
        case "double_value":
            value.double_value = 0.125
        case "int_value":
            value.int_value = 125
        case _:
            pass


def _value(value: AnyValue, names: _Names) -> None:
    match value.WhichOneof("value"):
        case "string_value":
            value.string_value = names.text(value.string_value)
        case "array_value":
            for item in value.array_value.values:
                _value(item, names)
        case "kvlist_value":
            for pair in value.kvlist_value.values:
                _value(pair.value, names)
        case _:
            pass


def _times(traces: ExportTraceServiceRequest, logs: ExportLogsServiceRequest) -> list[int]:
    spans = [span for group in traces.resource_spans for scope in group.scope_spans for span in scope.spans]
    records = [record for group in logs.resource_logs for scope in group.scope_logs for record in scope.log_records]
    times = [time for span in spans for time in (span.start_time_unix_nano, span.end_time_unix_nano)]
    times += [event.time_unix_nano for span in spans for event in span.events]
    times += [time for record in records for time in (record.time_unix_nano, record.observed_time_unix_nano)]
    return times


def _moment(times: list[int], begin: int) -> Callable[[int], int]:
    ranks = {time: rank for rank, time in enumerate(sorted({time for time in times if time}))}
    return lambda time: begin + ranks[time] * _STEP_NS if time else 0
