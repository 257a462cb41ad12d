"""Rows of one call that stand in different traces, or one after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.same_call import Group, at_once, counts, differ, is_late, is_wire

__all__ = ["joined_across", "with_answers"]

_LOOKED_AT: Final = 64  # calls of other traces that began before: bounds the work of a large batch
_LONGEST_STREAM: Final = 3_600_000_000  # microseconds


def joined_across(groups: Sequence[Group]) -> list[Group]:
    """Groups that stand in several traces and are one call, together: by their response id, or one inside the other."""
    apart = _named_alike(groups)
    lone = [group for group in apart if all(map(is_wire, group))]
    others = [group for group in apart if not any(map(is_wire, group))]
    if not lone or not others:
        return apart
    unnamed = sorted((group for group in others if not any(row["response_id"] for row in group)), key=_place)
    starts = [_start(group) for group in unnamed]
    taken: set[int] = set()
    gone: set[int] = set()
    theirs = {row["trace_id"] for group in apart for row in group if not is_wire(row)}
    for mine in sorted(lone, key=_place):
        alone = mine[0]["trace_id"] not in theirs
        latest = bisect_right(starts, _start(mine))
        free = (group for group in unnamed[max(0, latest - _LOOKED_AT) : latest] if id(group) not in taken)
        around = [group for group in free if _is_around(group, mine, alone=alone)]
        if around:
            found = min(around, key=_end)  # leaves those that end later to others: as many as possible find theirs
            taken.add(id(found))
            gone.add(id(mine))
            found.extend(mine)
    return [group for group in apart if id(group) not in gone]


def _named_alike(groups: Sequence[Group]) -> list[Group]:
    """Groups with one response id together, where each is of a library of its own: two of one are a replayed answer."""
    named = [name for group in groups for row in group if (name := row["response_id"])]
    if len(set(named)) == len(named):  # as it is almost always
        return list(groups)
    by_response: defaultdict[str, list[Group]] = defaultdict(list)
    for group in groups:
        for row in group:
            if row["response_id"]:
                by_response[row["response_id"]].append(group)
    gone: set[int] = set()
    for alike in by_response.values():
        if len(alike) == 1:
            continue
        calls: list[Group] = []
        for group in sorted(alike, key=_place):
            if id(group) in gone or group in calls:
                continue
            found = next((call for call in calls if _is_seen_apart(call, group)), None)
            if found is None:
                calls.append(group)
            else:
                found.extend(group)
                gone.add(id(group))
    return [group for group in groups if id(group) not in gone]


def _is_seen_apart(call: Group, group: Group) -> bool:
    """Whether two libraries saw one call, at one time, in two traces."""
    return (
        {row["scope_name"] for row in call}.isdisjoint(row["scope_name"] for row in group)
        and {row["trace_id"] for row in call}.isdisjoint(row["trace_id"] for row in group)
        and any(
            at_once(one, other) and not differ(one["response_model"], other["response_model"])
            for one in call
            for other in group
        )
    )


def with_answers(groups: list[Group]) -> list[Group]:
    """Groups with each late answer in the group of the latest call before it that lacks one and had its input."""
    late = [group for group in groups if is_late(group[0])]
    if not late:
        return groups
    begun: defaultdict[tuple[Any, ...], list[Group]] = defaultdict(list)
    for group in groups:
        for row in group:
            if not is_late(row) and counts(row) is None and row["status"] != "error":
                begun[_asked(row)].append(group)
    finished: set[int] = set()
    gone: set[int] = set()
    for answer in sorted(late, key=_place):
        ended = _start(answer)
        found = [
            group
            for group in begun.get(_asked(answer[0]), ())
            if id(group) not in finished and 0 <= ended - _start(group) <= _LONGEST_STREAM
        ]
        if found:
            call = max(found, key=_place)
            call.extend(answer)
            finished.add(id(call))
            gone.add(id(answer))
    return [group for group in groups if id(group) not in gone]


def _start(group: Group) -> int:
    return min(row["start_time"] for row in group)


def _end(group: Group) -> tuple[int, str]:
    return max((row["end_time"], row["span_id"]) for row in group)


def _place(group: Group) -> tuple[int, str, str]:
    """Orders groups alike, in whichever order their rows came."""
    return min((row["start_time"], row["trace_id"], row["span_id"]) for row in group)


def _asked(row: SpanRow) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("scope_name", "service_name", "request_model", "prompt_hash", "input_text"))


def _is_around(group: Group, mine: Group, *, alone: bool) -> bool:
    """Whether a row of `group` surrounds one of `mine` in time, with the same usage or the same failure.

    In another trace, where `mine` is `alone` in its own; or beside it, under one parent.
    """
    return any(
        _surrounds(outer, own)
        and (
            alone
            if outer["trace_id"] != own["trace_id"]
            else outer["parent_span_id"] is not None and outer["parent_span_id"] == own["parent_span_id"]
        )
        for outer in group
        for own in mine
    )


def _surrounds(outer: SpanRow, own: SpanRow) -> bool:
    return (
        outer["start_time"] <= own["start_time"]
        and own["end_time"] <= outer["end_time"]
        and outer["service_name"] == own["service_name"]
        and not differ(outer["request_model"], own["request_model"])
        and outer["status"] == own["status"]
        and counts(outer) == counts(own)
        and (own["status"] == "error" or counts(own) is not None)
    )
