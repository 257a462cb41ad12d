"""The answer of a stream as a span of its own, made when the stream ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.duplicate_groups import Calls
from otel_i2e.normalize.same_call import Place, counts, failed, is_late, key_of, place

__all__ = ["join_late"]

_LONGEST_STREAM: Final = 3_600_000_000  # microseconds


def join_late(calls: Calls, rows: Sequence[SpanRow]) -> None:
    """Join each late answer with the latest call before it that lacks one and had its input.

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
                if all(map(is_late, calls.of(row).rows)):
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
        while begun and any(map(is_late, calls.of(begun[-1][1]).rows)):
            begun.pop()
        if begun and start - begun[-1][0] <= _LONGEST_STREAM:
            calls.join(begun.pop()[1], row)


def _asked(row: SpanRow) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("scope_name", "service_name", "request_model", "prompt_hash", "input_text"))
