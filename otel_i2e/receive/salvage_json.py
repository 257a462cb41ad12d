"""An OTLP/JSON request some of whose items are nested too deeply to be read: the others, and how many were left out.

    text ──► brackets, strings skipped ──► the extents of items that go too deep ──► the text without them

Nothing recursive: depth is what cannot be trusted here.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, NamedTuple

from otel_i2e.receive.salvage import UNREADABLE, Salvaged
from otel_i2e.receive.services import Service

__all__ = ["DEEPEST", "salvaged_json"]

DEEPEST: Final = 600
"""Levels of brackets, those of the request among them, down to which an item stays: readers that call themselves for
each have room below Python's limit of 1,000."""
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]', re.DOTALL)
_COMMA: Final = re.compile(rb"\s*+,")
_ITEM_DEPTH: Final = 7  # {"resourceSpans": [{"scopeSpans": [{"spans": [{
_LISTS: Final = {
    "traces": (b'"resourceSpans"', b'"scopeSpans"', b'"spans"'),
    "logs": (b'"resourceLogs"', b'"scopeLogs"', b'"logRecords"'),
}
"""Signal → the names of the lists that lead to its items."""


class _Item(NamedTuple):
    begin: int
    end: int
    depth: int
    """Levels of brackets down to its deepest."""


def salvaged_json(service: Service, body: bytes) -> Salvaged | None:
    """`body` without the items that are nested deeper than `DEEPEST`; None when there are none, or no others."""
    items = _items(service, body)
    deep = [item for item in items if item.depth > DEEPEST]
    if not deep or len(deep) == len(items):
        return None
    return Salvaged(_without(body, deep), Counter({UNREADABLE: len(deep)}))


def _items(service: Service, body: bytes) -> list[_Item]:
    """Every item of the request; none where its text ends in the middle."""
    found: list[_Item] = []
    depth, name, begin, deepest = 0, b"", -1, 0
    names = [b""] * (_ITEM_DEPTH + 1)  # of the list or object at each depth
    for token in _TOKEN.finditer(body):
        sign = body[token.start()]
        if sign == 0x22:  # a quote: the name of what follows, if a bracket does
            if depth < _ITEM_DEPTH:
                name = token[0]
        elif sign in b"{[":
            depth += 1
            if depth <= _ITEM_DEPTH:
                names[depth] = name
                if depth == _ITEM_DEPTH and (names[2], names[4], names[6]) == _LISTS[service.signal]:
                    begin = token.start()
            deepest = depth if depth <= _ITEM_DEPTH else max(deepest, depth)
        else:
            depth -= 1
            if depth == _ITEM_DEPTH - 1 and begin >= 0:
                found.append(_Item(begin, token.end(), deepest))
                begin = -1
    return found


def _without(body: bytes, items: list[_Item]) -> bytes:
    """Each with the comma behind it or, where it is the last one, before it."""
    kept = bytearray()
    at = 0
    for item in items:
        kept += body[at : item.begin]
        comma = _COMMA.match(body, item.end)
        at = item.end if comma is None else comma.end()
        if comma is None:
            kept = kept.rstrip()
            kept = kept.removesuffix(b",")
    return bytes(kept + body[at:])
