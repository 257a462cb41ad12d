"""What otel-i2e made of a recording: rows, with the calls that repeat another merged into it."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, NamedTuple

from fixtures import Scenario

from otel_i2e.models import JSON_COLUMNS, ScoreRow, SpanRow
from otel_i2e.normalize import (
    RawLog,
    decode_logs,
    decode_traces,
    duplicate_links,
    is_content,
    normalize_span,
    scores_of,
)

__all__ = ["Reading", "read"]

Row = dict[str, Any]


class Reading(NamedTuple):
    """Rows with JSON columns parsed, by start time."""

    calls: list[Row]
    """One a model call, as the view `llm_calls` has them."""
    rows: list[Row]
    """All spans."""
    scores: list[ScoreRow]
    """Evaluations that the emitter sent."""


def read(scenario: Scenario) -> Reading:
    """Decode, normalize, link."""
    logs = decode_logs(scenario.logs, "protobuf")
    contents: defaultdict[tuple[str, str], list[RawLog]] = defaultdict(list)
    for log in logs:
        if is_content(log):
            contents[log.trace_id, log.span_id].append(log)
    spans = decode_traces(scenario.traces, "protobuf")
    sent = [normalize_span(span, contents[span.trace_id, span.span_id]) for span in spans]
    links = duplicate_links(sent)
    rows = sorted((_parsed(row, links) for row in sent), key=lambda row: row["start_time"] or 0)
    return Reading(_merged([row for row in rows if row["kind"] == "llm"]), rows, scores_of(logs))


def _parsed(row: SpanRow, links: dict[tuple[str, str], str]) -> Row:
    read_row = {
        name: json.loads(value) if name in JSON_COLUMNS and isinstance(value, str) else value
        for name, value in row.items()
    }
    return {**read_row, "duplicate_of": links.get((row["trace_id"], row["span_id"]))}


def _merged(calls: list[Row]) -> list[Row]:
    """As the view does: what the kept row lacks comes from those that repeat it."""
    kept = {row["span_id"]: dict(row) for row in calls if not row["duplicate_of"]}
    for row in calls:
        whole = kept.get(row["duplicate_of"])
        if whole is None:
            continue
        for name, value in row.items():
            if whole.get(name) is None:
                whole[name] = value
        if row["status"] == "error":
            whole["status"] = "error"
    return list(kept.values())
