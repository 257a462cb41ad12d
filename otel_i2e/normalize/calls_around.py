"""Which model call a model call stands in, whatever spans lie between, and where spans are missing to know it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from otel_i2e.models import SpanRow
from otel_i2e.normalize.same_call import LOOKED_AT, Key, counts, is_call, key_of, on_two_machines, place, surrounds

__all__ = ["Around", "calls_around", "traces_of", "traces_with_gaps"]

_APPLICATION: Final = "tool"
"""What a tool calls in turn is a call of its own."""


class Around(NamedTuple):
    """The surroundings of calls."""

    call: dict[Key, SpanRow]
    """Key of a call → the nearest call that it stands in."""
    unknown: set[Key]
    """Calls of which it is not known: a span is missing."""


class _Way(NamedTuple):
    """Where parents lead."""

    call: SpanRow | None
    known: bool


_NOWHERE: Final = _Way(None, known=True)
_LOST: Final = _Way(None, known=False)


def traces_of(calls: Iterable[SpanRow]) -> dict[str, list[SpanRow]]:
    """Trace id → its calls, for each trace with more than one."""
    traces: defaultdict[str, list[SpanRow]] = defaultdict(list)
    for row in calls:
        traces[row["trace_id"]].append(row)
    return {trace_id: rows for trace_id, rows in traces.items() if len(rows) > 1}


def calls_around(traces: Iterable[Sequence[SpanRow]], others: Mapping[Key, SpanRow]) -> Around:
    """The surroundings of all calls of these traces; `others` are the spans that are no calls."""
    around = Around({}, set())
    for calls in traces:
        inside = {row["span_id"]: row for row in calls}
        seen: dict[str, _Way] = {}
        for row in calls:
            way = _way_up(row, inside, others, seen)
            if not way.known:
                around.unknown.add(key_of(row))
            elif way.call is not None and way.call is not row:
                around.call[key_of(row)] = way.call
    return around


def _way_up(row: SpanRow, calls: Mapping[str, SpanRow], others: Mapping[Key, SpanRow], seen: dict[str, _Way]) -> _Way:
    """Follows parents up to a call; `seen` remembers where the spans on the way led to."""
    span, found = row["parent_span_id"], _NOWHERE
    passed: dict[str, None] = {}
    while span and span not in passed:
        if span in calls:
            found = _Way(calls[span], known=True)
            break
        if span in seen:
            found = seen[span]
            break
        other = others.get((row["trace_id"], span))
        if other is None:
            found = _LOST
            break
        passed[span] = None
        span = None if other["kind"] == _APPLICATION else other["parent_span_id"]
    seen.update(dict.fromkeys(passed, found))
    return found


def traces_with_gaps(rows: Iterable[SpanRow]) -> set[str]:
    """Traces with calls that may be one, where it is not known whether one stands in the other."""
    rows = list(rows)
    traces = traces_of(row for row in rows if is_call(row))
    if not traces:
        return set()
    others = {key_of(row): row for row in rows if not is_call(row)}
    unknown = calls_around(traces.values(), others).unknown
    return {trace_id for trace_id, calls in traces.items() if _has_gap(calls, unknown)}


def _has_gap(calls: Sequence[SpanRow], unknown: set[Key]) -> bool:
    if unknown.isdisjoint(map(key_of, calls)):
        return False
    calls = sorted(calls, key=place)
    for at, row in enumerate(calls):
        for earlier in calls[max(0, at - LOOKED_AT) : at]:
            lost = key_of(row) in unknown and surrounds(earlier, row)
            lost |= on_two_machines(earlier, row) and not unknown.isdisjoint((key_of(earlier), key_of(row)))
            if lost and _may_count_the_same(earlier, row):
                return True
    return False


def _may_count_the_same(one: SpanRow, other: SpanRow) -> bool:
    mine, theirs = counts(one), counts(other)
    return mine is None or theirs is None or mine == theirs
