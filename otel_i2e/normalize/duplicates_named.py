"""Rows with one response id: one call, unless a recorded answer came again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.duplicate_groups import Calls
from otel_i2e.normalize.model_names import may_be_one_model
from otel_i2e.normalize.same_call import LOOKED_AT, Key, at_once, differ_in_input, key_of, on_two_machines, place

__all__ = ["answered_alike", "join_across", "join_answers"]

_DEEPEST: Final = 64


def answered_alike(rows: Iterable[SpanRow]) -> list[list[SpanRow]]:
    """Rows of one kind with one response id, for each id that several have, in their order."""
    by_response: defaultdict[tuple[str, str], list[SpanRow]] = defaultdict(list)
    for row in rows:
        if row["response_id"]:
            by_response[row["response_id"], row["kind"]].append(row)
    alike = [sorted(alike, key=place) for alike in by_response.values() if len(alike) > 1]
    return sorted(alike, key=lambda rows: place(rows[0]))


def join_answers(calls: Calls, alike: Sequence[SpanRow], around: Mapping[Key, SpanRow]) -> None:
    """In a trace: one in the other; else spans at one time; else those of two machines, whose clocks are not one.

    Where one library says that two things were asked at once, as a cache or a server with one id for all answers them,
    spans at one time must have been asked the same.
    """
    pairs = [(earlier, row) for earlier, row in _pairs(alike) if earlier["trace_id"] == row["trace_id"]]
    shared = {earlier["trace_id"] for earlier, row in pairs if _asked_twice(earlier, row)}
    for earlier, row in pairs:
        beside = at_once(earlier, row) and not (row["trace_id"] in shared and differ_in_input(earlier, row))
        if beside or _is_in(earlier, row, around) or _is_in(row, earlier, around):
            calls.join(earlier, row)
    for earlier, row in pairs:
        if on_two_machines(earlier, row) and calls.apart(earlier, row):
            calls.join(earlier, row)


def _asked_twice(one: SpanRow, other: SpanRow) -> bool:
    """Whether one library tells two questions at one time; two may tell one in other words."""
    is_one = bool(one["scope_name"]) and one["scope_name"] == other["scope_name"]
    return is_one and at_once(one, other) and differ_in_input(one, other)


def join_across(calls: Calls, alike: Sequence[SpanRow]) -> None:
    """In two traces: spans at one time, where each library saw the call once: two of one are a replayed answer."""
    for earlier, row in _pairs(alike):
        if earlier["trace_id"] != row["trace_id"] and at_once(earlier, row) and calls.apart(earlier, row):
            calls.join(earlier, row)


def _pairs(alike: Sequence[SpanRow]) -> Iterator[tuple[SpanRow, SpanRow]]:
    """Each row with those before it, where one model may have answered both."""
    for at, row in enumerate(alike):
        for earlier in alike[max(0, at - LOOKED_AT) : at]:
            if _of_one_model(earlier, row):
                yield earlier, row


def _of_one_model(one: SpanRow, other: SpanRow) -> bool:
    mine, theirs = one["response_model"], other["response_model"]
    return not mine or not theirs or may_be_one_model(mine, theirs)


def _is_in(outer: SpanRow, row: SpanRow, around: Mapping[Key, SpanRow]) -> bool:
    """Whether a call stands in another, at most so many calls deep."""
    for _ in range(_DEEPEST):
        above = around.get(key_of(row))
        if above is None:
            return False
        if above is outer:
            return True
        row = above
    return False
