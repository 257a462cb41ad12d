"""The answer of a stream as a span of its own, made when the stream ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.one_call import Calls
from otel_i2e.normalize.same_call import Place, counts, failed, is_late, key_of, place

__all__ = ["join_late"]

_LONGEST_STREAM: Final = 3_600_000_000  # microseconds


def join_late(calls: Calls, rows: Sequence[SpanRow]) -> None:
    """Join each late answer with the latest call before it that lacks one and had its input."""
    late = [row for row in rows if is_late(row) and all(map(is_late, calls.of(row).rows))]
    if not late:
        return
    events: defaultdict[tuple[Any, ...], list[tuple[Place, bool, SpanRow]]] = defaultdict(list)
    for row in rows:
        if counts(row) is None and not failed(row) and not is_late(row):
            events[_asked(row)].append((min(map(place, calls.of(row).rows)), False, row))
    for row in late:
        events[_asked(row)].append(((row["start_time"], 0, *key_of(row)), True, row))
    for told in events.values():
        _join_in_turn(calls, sorted(told, key=lambda event: event[:2]))


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
