"""Calls that stand beside one another, seen by two libraries that do not know of each other.

They are one call where it was made at one time, one span around the other, by one service, with one usage or one
failure, and nothing contradicts: no other response id, model or input. The outer span was not made current, or the
inner one would stand in it: so no call stands in it, and they lie under one parent, or at the roots of two traces. A
chain's span may not be current either: a failure at the root of a trace is that of a call in a chain that was asked the
same (of an answer the id would tell).
A library sees a call once: of parallel calls that are alike each is joined to its own. A span that may have been closed
too early is left to `duplicates_early.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from otel_i2e.models import SpanRow
from otel_i2e.normalize.duplicate_groups import Calls
from otel_i2e.normalize.same_call import LOOKED_AT, contradict, counts, ends_early, failed, place, surrounds

__all__ = ["counted_alike", "join_beside", "uncounted"]


def join_beside(calls: Calls, alike: Iterable[list[SpanRow]]) -> None:
    """Join those that are one call side by side, of rows that are alike.

    Every call finds, of all that surround it, the one that ends first: those that end later are left to others, so
    that as many as possible find theirs.
    """
    for rows in alike:
        for at, own in enumerate(rows):
            around = [
                outer
                for outer in rows[max(0, at - LOOKED_AT) : at]
                if _is_beside(calls, outer, own) and calls.apart(outer, own) and not calls.differ_in_name(outer, own)
            ]
            if around:
                calls.join(min(around, key=lambda row: (row["end_time"], place(row))), own)


def counted_alike(rows: Iterable[SpanRow]) -> list[list[SpanRow]]:
    """Rows of several libraries with one usage or failure, for each such."""
    alike: defaultdict[tuple[Any, ...], list[SpanRow]] = defaultdict(list)
    for row in rows:
        told = counts(row)
        if told is not None or failed(row):
            alike[told, row["status"], row["kind"], row["service_name"]].append(row)
    return _of_several(alike.values())


def uncounted(rows: Iterable[SpanRow]) -> list[list[SpanRow]]:
    """Rows of several libraries under one parent, for each under which some usage was not counted."""
    under: defaultdict[tuple[str, str], list[SpanRow]] = defaultdict(list)
    for row in rows:
        if row["parent_span_id"]:
            under[row["trace_id"], row["parent_span_id"]].append(row)
    return _of_several(beside for beside in under.values() if any(counts(row) is None for row in beside))


def _of_several(groups: Iterable[list[SpanRow]]) -> list[list[SpanRow]]:
    several = (rows for rows in groups if len(rows) > 1 and len({row["scope_name"] for row in rows}) > 1)
    return sorted((sorted(rows, key=place) for rows in several), key=lambda rows: place(rows[0]))


def _is_beside(calls: Calls, outer: SpanRow, own: SpanRow) -> bool:
    if not surrounds(outer, own):
        return False
    together = outer["trace_id"] == own["trace_id"]
    if together:
        placed = bool(own["parent_span_id"]) and outer["parent_span_id"] == own["parent_span_id"]
        placed = placed and not ends_early(outer) and not ends_early(own)
    else:
        placed = not own["parent_span_id"] and (not outer["parent_span_id"] or _failed_in_a_chain(outer, own))
    if not placed:
        return False
    around = not calls.has_inner(outer) or (surrounds(own, outer) and not calls.has_inner(own))
    return around and _told_alike(outer, own, together=together) and not contradict(outer, own)


def _failed_in_a_chain(outer: SpanRow, own: SpanRow) -> bool:
    return failed(own) and bool(own["input_text"]) and outer["input_text"] == own["input_text"]


def _told_alike(outer: SpanRow, own: SpanRow, *, together: bool) -> bool:
    """One outcome and one usage; where one has none, and they lie together, one known input."""
    if any(outer[name] != own[name] for name in ("kind", "service_name", "status")):
        return False
    mine, theirs = counts(outer), counts(own)
    if failed(own) or (mine is not None and theirs is not None):
        return mine == theirs
    return together and bool(own["input_text"]) and outer["input_text"] == own["input_text"]
