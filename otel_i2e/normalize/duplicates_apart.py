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
    """Groups, less those of an SDK that traces itself alone in a trace: they join what instruments it elsewhere.

    Each joins one, and each is joined by one.
    """
    lone = [group for group in groups if all(map(is_wire, group))]
    others = [group for group in groups if not any(map(is_wire, group))]
    if not lone or not others:
        return list(groups)
    by_response: defaultdict[str, list[Group]] = defaultdict(list)
    for group in others:
        for row in group:
            if row["response_id"]:
                by_response[row["response_id"]].append(group)
    unnamed = sorted((group for group in others if not group[0]["response_id"]), key=_start)
    starts = [_start(group) for group in unnamed]
    taken: set[int] = set()
    gone: set[int] = set()
    for mine in sorted(lone, key=_start):
        own = mine[0]
        latest = bisect_right(starts, own["start_time"])
        named = [group for group in by_response.get(own["response_id"] or "", ()) if at_once(group[0], own)]
        around = [group for group in reversed(unnamed[max(0, latest - _LOOKED_AT) : latest]) if _is_around(group, own)]
        found = next((group for group in named + around if id(group) not in taken), None)
        if found is not None:
            found.extend(mine)
            taken.add(id(found))
            gone.add(id(mine))
    return [group for group in groups if id(group) not in gone]


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
    for answer in sorted(late, key=_start):
        ended = _start(answer)
        found = [
            group
            for group in begun.get(_asked(answer[0]), ())
            if id(group) not in finished and 0 <= ended - _start(group) <= _LONGEST_STREAM
        ]
        if found:
            call = max(found, key=_start)
            call.extend(answer)
            finished.add(id(call))
            gone.add(id(answer))
    return [group for group in groups if id(group) not in gone]


def _start(group: Group) -> int:
    return group[0]["start_time"]


def _asked(row: SpanRow) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("scope_name", "service_name", "request_model", "prompt_hash", "input_text"))


def _is_around(group: Group, own: SpanRow) -> bool:
    """Whether a row surrounds `own` in time, with the same usage or the same failure."""
    for outer in group:
        if (
            outer["trace_id"] != own["trace_id"]
            and outer["start_time"] <= own["start_time"]
            and own["end_time"] <= outer["end_time"]
            and outer["service_name"] == own["service_name"]
            and not differ(outer["request_model"], own["request_model"])
            and outer["status"] == own["status"]
            and counts(outer) == counts(own)
            and (own["status"] == "error" or counts(own) is not None)
        ):
            return True
    return False
