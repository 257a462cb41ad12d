"""Calls that stand in calls: a span that repeats what is in it, or that wraps several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.duplicate_groups import Calls, Group
from otel_i2e.normalize.duplicates_beside import counted_alike, join_beside, uncounted
from otel_i2e.normalize.same_call import (
    RAW_REQUEST,
    Key,
    at_once,
    counts,
    differ_in_answer,
    differ_in_input,
    differ_in_model,
    failed,
    key_of,
    on_two_machines,
)

__all__ = ["join_nested"]

_BEGINNING: Final = 16
"""Output tokens that a stream of Anthropic's says at its beginning, at the most."""
Counts = tuple[int, int]
"""Input and output tokens."""
Wrapper = tuple[SpanRow, SpanRow]
"""A span around several calls, and the one of them that it repeats."""


def join_nested(calls: Calls, rows: Iterable[SpanRow], around: Mapping[Key, SpanRow]) -> list[Wrapper]:
    """Join each call with the one in it that it repeats, the innermost first; gives the wrappers of several calls."""
    inside: defaultdict[Key, list[SpanRow]] = defaultdict(list)
    outers: dict[Key, SpanRow] = {}
    for row in rows:
        outer = around.get(key_of(row))
        if outer is None:
            continue
        if row["name"] == RAW_REQUEST:
            calls.join(outer, row)
        elif outer["kind"] == row["kind"] and (at_once(outer, row) or on_two_machines(outer, row)):
            inside[key_of(outer)].append(row)
            outers[key_of(outer)] = outer
    depth = _depths(outers, around)
    wrappers: list[Wrapper] = []
    for key in sorted(outers, key=lambda key: (-depth[key], key)):
        wrapped = _join_inner(calls, outers[key], inside[key])
        if wrapped is not None:
            wrappers.append((outers[key], wrapped))
    return wrappers


def _depths(keys: Iterable[Key], around: Mapping[Key, SpanRow]) -> dict[Key, int]:
    """How many calls are around each; parents in a circle end."""
    depth: dict[Key, int] = {}
    for key in sorted(keys):
        way: dict[Key, None] = {}
        above: Key | None = key
        while above is not None and above not in depth and above not in way:
            way[above] = None
            outer = around.get(above)
            above = None if outer is None else key_of(outer)
        last = -1 if above is None else depth.get(above, -1)
        depth |= {passed: deeper for deeper, passed in enumerate(reversed(way), last + 1)}
    return depth


def _join_inner(calls: Calls, outer: SpanRow, inner: Sequence[SpanRow]) -> SpanRow | None:
    """Join a call with those in it that are the same; else, where it wraps several, the last of them."""
    if len(inner) == 1:  # as it is almost always
        if calls.of(outer) is not (group := calls.of(inner[0])) and _repeats(calls, outer, group, alone=True):
            calls.join(outer, inner[0])
        return None
    join_beside(calls, (*counted_alike(inner), *uncounted(inner)))
    mine = calls.of(outer)
    same = _Seen(Group(row) for row in inner if calls.of(row) is mine)
    others = {id(group): group for row in inner if (group := calls.of(row)) is not mine}
    groups = sorted(others.values(), key=lambda group: group.end, reverse=True)
    alone = len(groups) == 1 and not same.scopes
    for group in groups:
        if _repeats(calls, outer, group, alone=alone) and same.may_be(group):
            same.add(group)
            calls.join(outer, group.rows[0])
    if same.scopes or len(groups) == 1 or not _wraps(outer, groups):
        return None
    return next((group for group in groups if _counts(group) is not None), groups[0]).rows[0]


class _Seen:
    """What is known to be the same call as the one around it: libraries that saw it, and when."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self.scopes: set[str | None] = set()
        self._start = self._end = 0
        for group in groups:
            self.add(group)

    def add(self, group: Group) -> None:
        self._start = min(self._start, group.start) if self.scopes else group.start
        self._end = max(self._end, group.end[0]) if self.scopes else group.end[0]
        self.scopes |= group.scopes

    def may_be(self, group: Group) -> bool:
        """Whether nothing is known yet, or other libraries saw `group` at the same time."""
        return not self.scopes or (
            self.scopes.isdisjoint(group.scopes)
            and any(row["start_time"] <= self._end and self._start <= row["end_time"] for row in group.rows)
        )


def _repeats(calls: Calls, outer: SpanRow, group: Group, *, alone: bool) -> bool:
    """Nothing contradicts; an only call inside needs no more, others must have the counts of the outer one.

    A call that failed inside of one that did not was tried again. An alias for a model, or another form of the
    input, may be a wrapper's; both at once are another call's.
    """
    if calls.differ_in_name(outer, group.rows[0]):
        return False
    if not failed(outer) and group.failed:
        return False
    if any(differ_in_model(outer, row) and differ_in_input(outer, row) for row in group.unlike()):
        return False
    mine, theirs = counts(outer), _counts(group)
    if mine is None or theirs is None:
        return alone and not any(differ_in_answer(outer, row) for row in group.unlike())
    return mine == theirs or (alone and _is_miscounted(outer, mine, group, theirs))


def _is_miscounted(outer: SpanRow, mine: Counts, group: Group, theirs: Counts) -> bool:
    """Whether another library counted an only call, of which the provider's own counts are known, by a habit.

    One adds what a stream said at its beginning to the output, others leave the cache out of the input. Both were told
    the same.
    """
    wire = group.wire
    if wire is None or outer["scope_name"] in group.scopes or differ_in_model(outer, wire):
        return False
    if not outer["input_text"] or outer["input_text"] != wire["input_text"]:
        return False
    adds_the_beginning = mine[0] == theirs[0] and 0 < mine[1] - theirs[1] <= _BEGINNING
    leaves_the_cache_out = mine[1] == theirs[1] and mine[0] < theirs[0]
    return adds_the_beginning or leaves_the_cache_out


def _counts(group: Group) -> Counts | None:
    """The usage of a call, of the outermost of its spans that have any."""
    return None if group.counted is None else counts(group.counted)


def _wraps(outer: SpanRow, groups: Sequence[Group]) -> bool:
    """Whether a span counts nothing of its own: nothing at all, or the sum of the calls inside."""
    mine = counts(outer)
    told = [found for group in groups if (found := _counts(group)) is not None]
    return mine is None or mine == (sum(one[0] for one in told), sum(one[1] for one in told))
