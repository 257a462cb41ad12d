"""Spans and log records as they were sent: what decoding gives and dialects read.

Plain tuples, because they stand in the hot path: a batch holds thousands.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from otel_i2e.models.json_text import SORTED, dumps, is_list, is_object, loads
from otel_i2e.semconv import I2E_CONTENT_TRUNCATED

__all__ = ["Json", "RawEvent", "RawLink", "RawLog", "RawSpan", "is_list", "is_object", "with_dropped"]

Json = dict[str, Any]
"""A JSON object. Values are None, bool, int, float, str, lists and objects of these; never anything else."""


def with_dropped(attributes: Json, count: int) -> Json:
    """`attributes`, marked as cut when the sender left out `count` of them: content may be among these.

    An SDK does so from OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT on, 128 by default.
    """
    if not count:
        return attributes
    marker = attributes.get(I2E_CONTENT_TRUNCATED)
    try:
        marks: Any = loads(marker) if isinstance(marker, str) else {}
    except ValueError:  # somebody else's marker, which names nothing
        marks = {}
    marks = {**(marks if is_object(marks) else {}), "dropped attributes": {"count": count}}
    return {**attributes, I2E_CONTENT_TRUNCATED: dumps(marks, SORTED)}


class RawEvent(NamedTuple):
    """An event on a span."""

    name: str
    time_ns: int
    """Nanoseconds since the epoch; 0 is unknown."""
    attributes: Json


class RawLink(NamedTuple):
    """A link to another span; ids are lower-case hex."""

    trace_id: str
    span_id: str
    attributes: Json


class RawSpan(NamedTuple):
    """A span as it was sent. Ids are lower-case hex of whatever was sent, so they may have a wrong length."""

    resource: Json
    """Resource attributes; spans of one resource share the object."""
    scope_name: str
    scope_version: str
    trace_id: str
    span_id: str
    parent_span_id: str
    """Empty for a root span."""
    name: str
    otel_kind: int
    """0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer."""
    start_ns: int
    """Nanoseconds since the epoch; 0 is unknown."""
    end_ns: int
    attributes: Json
    events: list[RawEvent]
    links: list[RawLink]
    status_code: str
    """`unset`, `ok` or `error`."""
    status_message: str


class RawLog(NamedTuple):
    """A log record as it was sent."""

    resource: Json
    scope_name: str
    scope_version: str
    trace_id: str
    """Lower-case hex; empty when the record stands in no trace."""
    span_id: str
    event_name: str
    """The record's event name, or else its attribute `event.name`."""
    time_ns: int
    """When it happened, or else when it was observed, in nanoseconds since the epoch; 0 is unknown."""
    severity: int
    """1 to 24; 0 is unspecified."""
    body: Any
    attributes: Json
