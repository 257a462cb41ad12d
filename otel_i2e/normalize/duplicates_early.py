"""A span of a stream that was closed before its request left: LlamaIndex's, beside that of the client below it.

The client's call stands under the same parent and was asked the same. Of calls that are alike, the first to begin is
the first to leave.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.duplicate_groups import Calls
from otel_i2e.normalize.same_call import LOOKED_AT, counts, differ, differ_in_model, ends_early, place

__all__ = ["join_early"]

_LONGEST: Final = 60_000_000
"""Microseconds from the end of the span to the request, at the most: a client is made, a connection opened."""


def join_early(calls: Calls, rows: Iterable[SpanRow]) -> None:
    """Join each such span with the call of another library that follows it."""
    rows = list(rows)
    early = [row for row in rows if ends_early(row)]
    if not early:
        return
    begun: defaultdict[tuple[Any, ...], list[SpanRow]] = defaultdict(list)
    for row in sorted(early, key=place):
        begun[(*_beside(calls, row), *_asked(row))].append(row)
    for row in sorted(rows, key=place):
        if row["input_text"] and not ends_early(row):
            waiting = begun.get((row["trace_id"], row["parent_span_id"], *_asked(row)), [])
            found = next((one for one in waiting[:LOOKED_AT] if _is_followed_by(calls, one, row)), None)
            if found is not None:
                waiting.remove(found)
                calls.join(found, row)


def _beside(calls: Calls, row: SpanRow) -> tuple[str, str | None]:
    """Trace and parent of the outermost of a call's own spans: `stream` has `stream_chat` in it."""
    outermost = min(filter(ends_early, calls.of(row).rows), key=place)
    return outermost["trace_id"], outermost["parent_span_id"]


def _asked(row: SpanRow) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("kind", "service_name", "status", "input_text"))


def _is_followed_by(calls: Calls, early: SpanRow, row: SpanRow) -> bool:
    if not early["start_time"] <= row["start_time"] <= early["end_time"] + _LONGEST:
        return False
    if differ(counts(early), counts(row)) or differ_in_model(early, row):
        return False
    return calls.apart(early, row) and not calls.differ_in_name(early, row)
