"""The traces of a conversation, from the store: what came before a trace in production, a whole run in an evaluation.

In production a trace sees its conversation up to itself: the latest trace sees all of it, and what a scorer saw of an
earlier one stays what it is when the conversation goes on. In an evaluation the traces of one run (experiment, case
and repeat) that name a conversation are it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from otel_i2e.models import Span
from otel_i2e.store import Reader

__all__ = ["dialogues"]

_MOST: Final = 200
"""Traces of one conversation that are looked at, the latest."""
_ORDER: Final = "min(epoch_us(start_time)) AS began"
_CONVERSATIONS: Final = f"""
SELECT conversation_id, trace_id, {_ORDER} FROM span_rows
WHERE conversation_id IN (SELECT unnest($ids::VARCHAR[])) AND experiment_id IS NULL
GROUP BY ALL
"""
_RUNS: Final = f"""
SELECT experiment_id, case_id, repeat, trace_id, {_ORDER} FROM span_rows
WHERE experiment_id IN (SELECT unnest($ids::VARCHAR[])) AND conversation_id IS NOT NULL
GROUP BY ALL
"""

Key = tuple[Any, ...]


class _Place(NamedTuple):
    """A trace's place in a conversation."""

    began: int
    trace_id: str


def dialogues(
    reader: Reader, spans: Iterable[Span], traces: Mapping[str, Sequence[Span]]
) -> dict[str, tuple[tuple[Span, ...], ...]]:
    """Span id → the traces of its conversation in order; spans of no conversation are left out.

    `traces` has the traces of `spans`, by id.
    """
    keys = {span.span_id: key for span in spans if (key := _key(span, traces.get(span.trace_id, ()))) is not None}
    places = _places(reader, set(keys.values()))
    chosen = {span.span_id: _seen(span, places.get(keys[span.span_id], [])) for span in spans if span.span_id in keys}
    loaded = reader.traces({trace_id for ids in chosen.values() for trace_id in ids})
    return {span_id: tuple(tuple(loaded[one]) for one in ids) for span_id, ids in chosen.items() if ids}


def _key(span: Span, trace: Sequence[Span]) -> Key | None:
    """What names the conversation: its id, or the run of an experiment."""
    if span.experiment_id is not None:
        return span.experiment_id, span.case_id, span.repeat
    named = [span.conversation_id, *(one.conversation_id for one in trace)]
    found = next((one for one in named if one is not None), None)
    return None if found is None else (found,)


def _places(reader: Reader, keys: set[Key]) -> dict[Key, list[_Place]]:
    found: dict[Key, list[_Place]] = {}
    for sql, size in ((_CONVERSATIONS, 1), (_RUNS, 3)):
        ids = sorted({key[0] for key in keys if len(key) == size})
        for row in reader.rows(sql, {"ids": ids}) if ids else ():
            *names, trace_id, began = row.values()
            if (key := tuple(names)) in keys:
                found.setdefault(key, []).append(_Place(began, trace_id))
    return {key: sorted(places) for key, places in found.items()}


def _seen(span: Span, places: list[_Place]) -> list[str]:
    """The ids of the traces, in order."""
    ids = [place.trace_id for place in places]
    if span.experiment_id is None and span.trace_id in ids:
        ids = ids[: ids.index(span.trace_id) + 1]
    return ids[-_MOST:]
