"""The answer of a stream as a span of its own, made when the stream ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.duplicate_groups import Calls
from otel_i2e.normalize.same_call import LOOKED_AT, Place, counts, failed, is_late, key_of, place

__all__ = ["join_late"]

_LONGEST_STREAM: Final = 3_600_000_000  # microseconds


def join_late(calls: Calls, rows: Sequence[SpanRow]) -> None:
    """Join each late answer with the latest call before it that lacks one and had its input.

    Another library around both may be known to be the same call as the answer; then no other call of that library is.
    One under the same parent, else one of the trace; in another trace only where both stand alone, for an answer
    belongs where its call was made.
    """
    if not any(map(is_late, rows)):
        return
    for near in (_beside, _in_trace, _alone):
        events: defaultdict[tuple[Any, ...], list[tuple[Place, bool, SpanRow]]] = defaultdict(list)
        for row in rows:
            if (where := near(row)) is None:
                continue
            if is_late(row):
                if row["scope_name"] not in _scopes_at_once(calls, row):
                    events[where + _asked(row)].append(((row["start_time"], 0, *key_of(row)), True, row))
            elif counts(row) is None and not failed(row):
                events[where + _asked(row)].append((min(map(place, calls.of(row).rows)), False, row))
        for told in events.values():
            _join_in_turn(calls, sorted(told, key=lambda event: event[:2]))


def _beside(row: SpanRow) -> tuple[Any, ...] | None:
    return (row["trace_id"], row["parent_span_id"]) if row["parent_span_id"] else None


def _in_trace(row: SpanRow) -> tuple[Any, ...] | None:
    return (row["trace_id"],)


def _alone(row: SpanRow) -> tuple[Any, ...] | None:
    return None if row["parent_span_id"] else ()


def _join_in_turn(calls: Calls, events: Iterable[tuple[Place, bool, SpanRow]]) -> None:
    begun: list[tuple[int, SpanRow]] = []
    for (start, *_), is_answer, row in events:
        if not is_answer:
            begun.append((start, row))
            continue
        mine = _scopes_at_once(calls, row)
        while begun and _is_answered(calls, begun[-1][1]):
            begun.pop()
        for at in range(len(begun) - 1, max(-1, len(begun) - 1 - LOOKED_AT), -1):
            before, request = begun[at]
            if start - before > _LONGEST_STREAM:
                break
            if mine.isdisjoint(_scopes_at_once(calls, request)) and not _is_answered(calls, request):
                calls.join(request, row)
                del begun[at]
                break


def _is_answered(calls: Calls, row: SpanRow) -> bool:
    return any(map(is_late, calls.of(row).rows))


def _scopes_at_once(calls: Calls, row: SpanRow) -> set[str | None]:
    """Libraries that saw a call when it was made: each sees it once, so the call has its request from these."""
    return {one["scope_name"] for one in calls.of(row).rows if not is_late(one)}


def _asked(row: SpanRow) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("scope_name", "service_name", "request_model", "prompt_hash", "input_text"))
