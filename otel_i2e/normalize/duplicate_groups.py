"""Linking: rows of model calls in groups, joined step by step until each group is the rows of one call.

Which rows are joined is for `duplicates.py` and the files beside it; what the rows of a group say together is for
`merged.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.same_call import LOOKED_AT, RAW_REQUEST, Key, counts, failed, is_wire, key_of, place

__all__ = ["Calls", "Group"]

_CONTRADICTS: Final = itemgetter("response_model", "request_model", "provider", "input_text", "content_state")
"""What is looked at to find that two rows cannot be one call."""


class Group:
    """Rows of one call, and what they say together: a group of thousands is asked again for each row around it."""

    __slots__ = ("_unlike", "counted", "end", "failed", "names", "rows", "scopes", "start", "wire")

    def __init__(self, row: SpanRow) -> None:
        self.rows: list[SpanRow] = [row]
        self.scopes: set[str | None] = {row["scope_name"]}
        """Libraries that saw it."""
        self.names: set[str] = {row["response_id"]} if row["response_id"] else set()
        """Response ids. LiteLLM makes one up, and has the provider's in its raw request."""
        self.start = row["start_time"]
        self.end = row["end_time"], row["span_id"]
        """The last end, with whose span it is."""
        self.failed = failed(row)
        """Whether any failed."""
        self.counted = None if counts(row) is None else row
        """The outermost row with a usage."""
        self.wire = row if is_wire(row) else None
        """A row that was made where the request left."""
        self._unlike: dict[tuple[Any, ...], SpanRow] | None = None

    def unlike(self) -> Iterable[SpanRow]:
        """A row of each model and input that the rows have, of so many as are looked at."""
        return self.rows if self._unlike is None else self._unlike.values()

    def take(self, other: Group) -> None:
        """The rows of another group are of this call, too."""
        unlike = {_CONTRADICTS(row): row for row in (*self.unlike(), *other.unlike())}
        self._unlike = dict(islice(unlike.items(), LOOKED_AT))
        self.rows.extend(other.rows)
        self.scopes |= other.scopes
        self.names |= other.names
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.failed = self.failed or other.failed
        self.counted = min(filter(None, (self.counted, other.counted)), key=place, default=None)
        self.wire = self.wire or other.wire


class Calls:
    """Every row in a group; at first each in its own, made when it is asked for."""

    def __init__(self, rows: Iterable[SpanRow]) -> None:
        self._group_of: dict[Key, Group] = {}
        self._parents: set[Key] = set()
        for row in rows:
            if row["parent_span_id"] and row["name"] != RAW_REQUEST:
                self._parents.add((row["trace_id"], row["parent_span_id"]))

    def of(self, row: SpanRow) -> Group:
        """The group of a row."""
        key = key_of(row)
        group = self._group_of.get(key)
        if group is None:
            group = self._group_of[key] = Group(row)
        return group

    def has_inner(self, row: SpanRow) -> bool:
        """Whether the row is the parent of another."""
        return key_of(row) in self._parents

    def join(self, one: SpanRow, other: SpanRow) -> None:
        """Say that two rows are of one call, and with them all that are known to be."""
        mine, theirs = self.of(one), self.of(other)
        if mine is theirs:
            return
        if len(mine.rows) < len(theirs.rows):
            mine, theirs = theirs, mine
        mine.take(theirs)
        for row in theirs.rows:
            self._group_of[key_of(row)] = mine

    def groups(self) -> list[Group]:
        """Each group that was asked for, once."""
        return list({id(group): group for group in self._group_of.values()}.values())

    def apart(self, one: SpanRow, other: SpanRow) -> bool:
        """Whether two rows are of groups that no library is in twice: one library sees one call once."""
        mine, theirs = self.of(one), self.of(other)
        return mine is not theirs and mine.scopes.isdisjoint(theirs.scopes)

    def differ_in_name(self, one: SpanRow, other: SpanRow) -> bool:
        """Whether the groups of two rows have response ids, and none in common."""
        mine, theirs = self.of(one).names, self.of(other).names
        return bool(mine and theirs) and mine.isdisjoint(theirs)
