"""Two spans for one model call: which repeats which.

It happens when an SDK traces itself and an instrumentation traces it too, or when a wrapper and what it
wraps both call themselves a model call. Naive sums over such spans count every token twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from otel_i2e.models import SpanRow

__all__ = ["duplicate_links"]

_RICHNESS: Final = (
    "input_messages",
    "output_messages",
    "system_instructions",
    "tool_definitions",
    "response_id",
    "response_model",
    "finish_reasons",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "prompt_name",
    "conversation_id",
    "status_message",
)


def duplicate_links(rows: Sequence[SpanRow]) -> dict[tuple[str, str], str]:
    """(trace id, span id) of each row that repeats another → span id of the row to keep.

    Of a group that is one call the richest is kept, the outermost of equals, and all others point to it. Rows
    need not be one batch: with the rows of a trace that are stored already among them, links reach those too.
    """
    links: dict[tuple[str, str], str] = {}
    for calls in _calls_by_trace(rows):
        for group in _groups(calls):
            kept = min(group, key=_poorness)
            for row in group:
                if row is not kept:
                    links[row["trace_id"], row["span_id"]] = kept["span_id"]
    return links


def _calls_by_trace(rows: Iterable[SpanRow]) -> Iterator[list[SpanRow]]:
    traces: defaultdict[str, list[SpanRow]] = defaultdict(list)
    for row in rows:
        if row["kind"] in ("llm", "embedding"):
            traces[row["trace_id"]].append(row)
    return (calls for calls in traces.values() if len(calls) > 1)


def _groups(calls: Sequence[SpanRow]) -> list[list[SpanRow]]:
    """Calls of one trace that are the same call, in groups of two and more."""
    group_of = {row["span_id"]: [row] for row in calls}
    for one, other in _same(calls):
        mine, theirs = group_of[one["span_id"]], group_of[other["span_id"]]
        if mine is not theirs:
            mine.extend(theirs)
            for row in theirs:
                group_of[row["span_id"]] = mine
    unique = {id(group): group for group in group_of.values() if len(group) > 1}
    return list(unique.values())


def _same(calls: Sequence[SpanRow]) -> Iterator[tuple[SpanRow, SpanRow]]:
    """Pairs that are one call: the provider gave both one response id, or one stands in the other with its usage."""
    by_response: defaultdict[str, list[SpanRow]] = defaultdict(list)
    by_span = {row["span_id"]: row for row in calls}
    for row in calls:
        if row["response_id"]:
            by_response[row["response_id"]].append(row)
        parent = by_span.get(row["parent_span_id"] or "")
        if parent is not None and parent is not row and _same_usage(parent, row) and _at_once(parent, row):
            yield parent, row
    for answers in by_response.values():
        answers.sort(key=lambda row: row["start_time"] or 0)
        for earlier, later in pairwise(answers):
            if _same_model(earlier, later) and _at_once(earlier, later):
                yield earlier, later


def _same_usage(one: SpanRow, other: SpanRow) -> bool:
    """Both counted, and the same; two different response ids are two calls whatever they cost."""
    if one["response_id"] and other["response_id"] and one["response_id"] != other["response_id"]:
        return False
    if one["input_tokens"] is None or one["output_tokens"] is None:
        return False
    return (one["input_tokens"], one["output_tokens"]) == (other["input_tokens"], other["output_tokens"])


def _same_model(one: SpanRow, other: SpanRow) -> bool:
    models = {row["response_model"] for row in (one, other) if row["response_model"]}
    return len(models) < 2


def _at_once(one: SpanRow, other: SpanRow) -> bool:
    """Whether the times overlap; unknown times may."""
    if None in (one["start_time"], one["end_time"], other["start_time"], other["end_time"]):
        return True
    return one["start_time"] <= other["end_time"] and other["start_time"] <= one["end_time"]


def _poorness(row: SpanRow) -> tuple[int, int, int, str]:
    """Orders the row to keep first: the most columns filled, then the outermost."""
    filled = sum(row[name] is not None for name in _RICHNESS)
    return -filled, row["start_time"] or 0, -(row["end_time"] or 0), row["span_id"]
