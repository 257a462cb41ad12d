"""Candidates per column from every family that a span carries, the best of each kept.

One pass over the attributes. Each name that some table knows offers its value for its column; every
other name is asked once, and remembered, which families it is a sign of. The `read` functions of the
families seen then offer the rest. Of two candidates for content the richer wins, because a family that
sees less says less; of any two others the one of the more trusted family and newer name, placeholders last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from otel_i2e.models import SPAN_COLUMNS
from otel_i2e.normalize.dialect import Dialect, Facts, Read, Reader
from otel_i2e.normalize.dialects import DIALECTS
from otel_i2e.normalize.documents import merged as merged_documents
from otel_i2e.normalize.messages import Content
from otel_i2e.normalize.offloaded import OFFLOADED
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list
from otel_i2e.normalize.readers import READERS, text, words
from otel_i2e.normalize.richness import PLACEHOLDERS, richness

__all__ = ["gather", "is_content"]

_LONGEST_NAME: Final = 200
_CONTENT: Final = frozenset(
    {"system_instructions", "input_messages", "output_messages", "tool_definitions", "documents"}
)
_MERGED: Final = frozenset({"request_params", "prompt_variables", OFFLOADED})


class _Use(NamedTuple):
    column: str
    rank: int
    read: Reader
    sign: int


def _uses(dialects: Sequence[Dialect]) -> dict[str, _Use]:
    uses: dict[str, _Use] = {}
    for order, dialect in enumerate(dialects):
        for column, names in dialect.fields.items():
            if column not in SPAN_COLUMNS:
                raise ValueError(f"dialect {dialect.name!r} fills {column!r}, which is no column of spans")
            read = dialect.readers.get(column) or READERS.get(column, text)
            for place, name in enumerate(names):
                use = _Use(column, order * 100 + place, read, 1 << order if dialect.name else 0)
                if uses.setdefault(name, use) is not use:
                    raise ValueError(f"{name!r} stands in two dialects; it belongs in `shared`")
    return uses


_USES: Final = _uses(DIALECTS)
_PARAMS: Final = {name: bare for dialect in DIALECTS for name, bare in dialect.params.items()}
_NAMES: Final = [(1 << order, re.compile(dialect.names)) for order, dialect in enumerate(DIALECTS) if dialect.names]
_VALUES: Final = [
    (1 << order, name, begin) for order, dialect in enumerate(DIALECTS) for name, begin in dialect.values.items()
]
_SAY_KIND: Final = sum(1 << order for order, dialect in enumerate(DIALECTS) if "kind" in dialect.fields)
"""Families of which one name is enough: what their kind calls for may stand under names that others use, too."""
_SPAN_NAMES: Final = tuple(name for dialect in DIALECTS for name in dialect.spans)
_EVENTS: Final = {
    name: sum(1 << order for order, dialect in enumerate(DIALECTS) if name in dialect.events)
    for name in {name for dialect in DIALECTS for name in dialect.events}
}


def is_content(log: RawLog) -> bool:
    """Whether `log` carries content that belongs on its span."""
    return _sign_of(log) != 0


def _sign_of(log: RawLog) -> int:
    """The families that its event belongs to; some name it in the body only."""
    if (sign := _EVENTS.get(log.event_name, 0)) or not isinstance(log.body, str):
        return sign
    return _EVENTS.get(log.body, 0)


def gather(raw: RawSpan, logs: Sequence[RawLog] = ()) -> Facts:
    """The best candidate of every column that the span, its events and its log records say something about.

    `dialect` is the name of the family that was recognised, or `unknown`. Besides columns of `spans` there may be
    the addresses of content that lies elsewhere.
    """
    facts: Facts = {}
    ranks: dict[str, int] = {}
    params: dict[str, Any] = {}
    shown = _signs_of_scope(raw.scope_name) | (_signs_of_span(raw.name) if raw.name.startswith(_SPAN_NAMES) else 0)
    signs = shown
    for name, value in raw.attributes.items():
        use = _USES.get(name)
        if use is None:
            if name in _PARAMS:
                params[_PARAMS[name]] = value
            else:
                signs |= _signs_of_name(name) if len(name) < _LONGEST_NAME else _find_signs(name)
            continue
        column, rank, read, sign = use
        shown |= sign
        given = read(value)
        if given is not None:
            if column in facts:
                given, rank = _better(column, facts[column], ranks[column], given, rank)
            facts[column] = given
            ranks[column] = rank
    signs |= _signs_of_values(raw.attributes) | (shown & _SAY_KIND)
    if raw.events or logs:
        signs |= _signs_of_events(raw, logs)
    if signs:
        _read_families(signs, raw, logs, facts, ranks)
    if params:
        if isinstance(stop := params.get("stop_sequences"), str):
            params["stop_sequences"] = words(stop)
        if isinstance(streams := params.get("stream"), str):
            params["stream"] = streams.lower() == "true"
        facts["request_params"] = {**facts.get("request_params", {}), **params}
    facts["dialect"] = _name_of(shown | signs)
    return facts


def _signs_of_values(attributes: Json) -> int:
    signs = 0
    for sign, name, begin in _VALUES:
        if name in attributes and str(attributes[name]).startswith(begin):
            signs |= sign
    return signs


def _signs_of_events(raw: RawSpan, logs: Sequence[RawLog]) -> int:
    signs = 0
    for event in raw.events:
        signs |= _EVENTS.get(event.name, 0)
    for log in logs:
        signs |= _sign_of(log)
    return signs


def _read_families(signs: int, raw: RawSpan, logs: Sequence[RawLog], facts: Facts, ranks: dict[str, int]) -> None:
    for rank, read in _reads_of(signs):
        for column, given in read(raw, logs).items():
            if given is None:
                continue
            if column in facts:
                facts[column], ranks[column] = _better(column, facts[column], ranks[column], given, rank)
            else:
                facts[column], ranks[column] = given, rank


def _better(column: str, old: Any, old_rank: int, new: Any, new_rank: int) -> tuple[Any, int]:
    if column in _MERGED:
        merged = {**old, **new} if new_rank < old_rank else {**new, **old}
        return merged, min(old_rank, new_rank)
    if column == "documents" and is_list(old) and is_list(new):
        both = merged_documents(new, old) if new_rank < old_rank else merged_documents(old, new)
        if both is not None:
            return both, min(old_rank, new_rank)
    if column in _CONTENT:
        new_first = (richness(_value(new)), -new_rank) > (richness(_value(old)), -old_rank)
    elif isinstance(old, int) and isinstance(new, int) and 0 in (old, new):
        new_first = new > old
    elif (hidden := _value(old) in PLACEHOLDERS) != (_value(new) in PLACEHOLDERS):
        new_first = hidden
    else:
        new_first = new_rank < old_rank
    return (new, new_rank) if new_first else (old, old_rank)


def _value(candidate: Any) -> Any:
    return candidate.value if isinstance(candidate, Content) else candidate


@lru_cache(maxsize=8192)
def _signs_of_name(name: str) -> int:
    return _find_signs(name)


def _find_signs(name: str) -> int:
    return sum(sign for sign, pattern in _NAMES if pattern.match(name))


@lru_cache(maxsize=1024)
def _signs_of_scope(scope: str) -> int:
    return sum(1 << order for order, dialect in enumerate(DIALECTS) if scope.startswith(dialect.scopes or ("\0",)))


def _signs_of_span(name: str) -> int:
    return sum(1 << order for order, dialect in enumerate(DIALECTS) if name.startswith(dialect.spans or ("\0",)))


@lru_cache(maxsize=1024)
def _reads_of(signs: int) -> list[tuple[int, Read]]:
    return [
        (order * 100 + 50, dialect.read)
        for order, dialect in enumerate(DIALECTS)
        if signs >> order & 1 and dialect.read is not None
    ]


@lru_cache(maxsize=1024)
def _name_of(signs: int) -> str:
    return next((d.name for order, d in enumerate(DIALECTS) if signs >> order & 1 and d.name), "unknown")
