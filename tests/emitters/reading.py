"""What otel-i2e made of a recording: rows, with the calls that repeat another merged into it."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, Final, NamedTuple

from fixtures import Scenario

from otel_i2e.models import JSON_COLUMNS, ScoreRow, SpanRow
from otel_i2e.normalize import (
    Linked,
    RawLog,
    decode_logs,
    decode_traces,
    is_content,
    is_wire,
    key_of,
    linked_calls,
    merged,
    normalize_span,
    place,
    scores_of,
)

__all__ = ["Reading", "read", "sent_rows"]

WIRE_FIRST: Final = frozenset(
    {
        *("response_id", "response_model", "input_tokens", "output_tokens"),
        *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd"),
    }
)
Row = dict[str, Any]
Key = tuple[str, str]


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
    sent = sent_rows(scenario)
    linked = linked_calls(sent)
    by_key = {key_of(row): row for row in sent}
    for kept, repeats in _groups(linked).items():
        whole = by_key[kept]
        whole.update(merged(whole, sorted((by_key[key] for key in repeats), key=place)))
    rows = sorted((_parsed(row, linked.links) for row in sent), key=lambda row: row["start_time"] or 0)
    scores = scores_of(decode_logs(scenario.logs, "protobuf"))
    calls = _merged([row for row in rows if row["kind"] == "llm"])
    for name in ("conversation_id", "user_id"):
        _put_named(name, calls, rows)
    return Reading(calls, rows, scores)


def _put_named(name: str, calls: list[Row], rows: list[Row]) -> None:
    """As the view does: what only one value is named of in a trace is so for its calls."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row[name] is not None:
            named[row["trace_id"]].add(row[name])
    for call in calls:
        if call[name] is None and len(found := named[call["trace_id"]]) == 1:
            (call[name],) = found


def _groups(linked: Linked) -> dict[Key, list[Key]]:
    """Key of each kept row → those that tell its call once more."""
    groups: defaultdict[Key, list[Key]] = defaultdict(list)
    for key, kept in linked.links.items():
        if key not in linked.wrappers:
            groups[kept].append(key)
    return groups


def sent_rows(scenario: Scenario) -> list[SpanRow]:
    """Decode and normalize; nothing is linked."""
    logs = decode_logs(scenario.logs, "protobuf")
    contents: defaultdict[tuple[str, str], list[RawLog]] = defaultdict(list)
    for log in logs:
        if is_content(log):
            contents[log.trace_id, log.span_id].append(log)
    spans = decode_traces(scenario.traces, "protobuf")
    return [normalize_span(span, contents[span.trace_id, span.span_id]) for span in spans]


def _parsed(row: SpanRow, links: dict[tuple[str, str], tuple[str, str]]) -> Row:
    read_row = {
        name: json.loads(value) if name in JSON_COLUMNS and isinstance(value, str) else value
        for name, value in row.items()
    }
    return {**read_row, "kept": links.get(key_of(row), key_of(row))}


def _merged(calls: list[Row]) -> list[Row]:
    """As the view does: what the kept row lacks comes from those that repeat it; counts, from the wire first."""
    kept = {key_of(row): dict(row) for row in calls if row["kept"] == key_of(row)}
    for row in calls:
        whole = kept.get(row["kept"])
        if whole is None or row["kept"] == key_of(row):
            continue
        for name, value in row.items():
            if whole.get(name) is None or (name in WIRE_FIRST and value is not None and is_wire(row)):
                whole[name] = value
        if row["status"] == "error":
            whole["status"] = "error"
    return list(kept.values())
