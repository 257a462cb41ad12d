"""A stored row and what it was made from: enough stays in it to read the span again, with more than there was then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from otel_i2e.models import SpanRow
from otel_i2e.models.json_text import dumps, loads
from otel_i2e.normalize.or_empty import object_or_empty, objects_in
from otel_i2e.normalize.raw import Json, RawEvent, RawLink, RawLog, RawSpan

__all__ = ["events_text", "log_of", "log_text", "raw_of"]


def events_text(events: Sequence[RawEvent], logs: Sequence[RawLog] = ()) -> str:
    """The column `events`: span events, and log records that were emitted in the span. Those have a `body`."""
    told = [{"name": e.name, "time": e.time_ns, "attributes": e.attributes} for e in events]
    return dumps([*told, *map(_log, logs)])


def log_text(log: RawLog) -> str:
    """What is kept of a log record, as JSON text."""
    return dumps(_log(log))


def log_of(trace_id: str, span_id: str, text: str) -> RawLog:
    """The log record of a span that `log_text` kept; its resource and scope are left out."""
    return _log_in(trace_id, span_id, objects_in([loads(text)])[0])


def raw_of(row: SpanRow) -> tuple[RawSpan, list[RawLog]]:
    """The span that `row` was made from, times in whole microseconds, and the log records that it has already."""
    told = objects_in(_json(row["events"]))
    trace_id, span_id = row["trace_id"], row["span_id"]
    return (
        RawSpan(
            resource=object_or_empty(_json(row["resource"])),
            scope_name=row["scope_name"] or "",
            scope_version="",
            trace_id=trace_id,
            span_id=span_id,
            parent_span_id=row["parent_span_id"] or "",
            name=row["name"],
            otel_kind=0,
            start_ns=row["start_time"] * 1000,
            end_ns=row["end_time"] * 1000,
            attributes=object_or_empty(_json(row["attributes"])),
            events=[RawEvent(*_named(event)) for event in told if "body" not in event],
            links=[RawLink(**link) for link in objects_in(_json(row["links"]))],
            status_code="error" if row["status"] == "error" else "unset",
            status_message=row["status_message"] or "",
        ),
        [_log_in(trace_id, span_id, event) for event in told if "body" in event],
    )


def _log(log: RawLog) -> Json:
    return {"name": log.event_name, "time": log.time_ns, "attributes": log.attributes, "body": log.body}


def _log_in(trace_id: str, span_id: str, kept: Json) -> RawLog:
    name, time_ns, attributes = _named(kept)
    return RawLog({}, "", "", trace_id, span_id, name, time_ns, 0, kept["body"], attributes)


def _named(event: Json) -> tuple[str, int, Json]:
    return event["name"], event["time"], event["attributes"]


def _json(text: Any) -> Any:
    return loads(text) if isinstance(text, str) else text
