"""Model calls that are new and those that are stored: which is the same, whenever and wherever it came."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize import (
    MATCHED_BY,
    RICHNESS,
    counts,
    failed,
    is_call,
    is_late,
    key_of,
    linked_calls,
    traces_with_gaps,
)
from otel_i2e.store import FAILED, Apart, Near, Writer
from otel_i2e.workflows.merging import merge_calls

__all__ = ["link_calls"]

Key = tuple[str, str]
_ROUNDS: Final = 16  # bounds the work where everything hangs together


def link_calls(writer: Writer, rows: Sequence[SpanRow]) -> None:
    """Put into `rows` which call each repeats, and into stored calls where a new one changes it.

    A stored call is judged with all that it may be the same as. A new span that is no call may be what lies between
    two stored ones.
    """
    sent = {key_of(row): row for row in reversed(rows)}
    for row in rows:
        row["duplicate_of"] = row["duplicate_trace_id"] = row["wraps"] = None
    asking = [row for row in sent.values() if is_call(row) or (row["parent_span_id"] and row["kind"] != "tool")]
    if not asking:
        return
    stored = _stored(writer, asking)
    known = {**stored, **sent}
    linked = linked_calls([*known.values(), *_between(writer, known)])
    held = _held(stored, known, linked.links)
    links = {key: held.get(kept, kept) for key, kept in linked.links.items()}
    for row in rows:
        _put(row, links.get(key_of(row)))
    for key in linked.wrappers & sent.keys():
        sent[key]["wraps"] = True
    changed = [row for key, row in stored.items() if key not in held and _differs(row, links.get(key), linked.wrappers)]
    if changed:
        writer.link({key_of(row): links.get(key_of(row)) for row in changed}, linked.wrappers, _near(changed))
    was = {key: kept for key, row in stored.items() if (kept := _link_of(row)) is not None}
    if links or was:
        changing = {*(key for key, row in sent.items() if is_call(row)), *map(key_of, changed)}
        touched = {kept for key in changing for kept in (links.get(key, key), was.get(key, key))}
        twins = {key: kept for key, kept in links.items() if key not in linked.wrappers}
        merge_calls(writer, twins, touched, sent, stored)


def _stored(writer: Writer, asking: Sequence[SpanRow]) -> dict[Key, SpanRow]:
    """Stored calls that may be the same as new ones; then those that may be the same as these, and so on."""
    new = {key_of(row) for row in asking}
    stored: dict[Key, SpanRow] = {}
    asked: set[str] = set()
    near = _near(asking)
    for _ in range(_ROUNDS):
        asked |= set(near.trace_ids)
        found = {key_of(row): row for row in writer.calls_near(near, MATCHED_BY, RICHNESS)}
        more = [row for key, row in found.items() if key not in stored]
        stored |= found
        more = [row for row in more if key_of(row) not in new]
        elsewhere = {trace for row in more for trace in (row["trace_id"], row["duplicate_trace_id"]) if trace} - asked
        beyond = [row for row in more if row["trace_id"] in elsewhere or _is_open(row, near)]
        if not elsewhere and not beyond:
            break
        near = _near(beyond or more, elsewhere | {row["trace_id"] for row in beyond})
    return stored


def _is_open(row: SpanRow, near: Near) -> bool:
    """Whether a call may be around others that ended too early to be read."""
    return row["start_time"] < near.ended <= row["end_time"]


def _between(writer: Writer, known: Mapping[Key, SpanRow]) -> list[SpanRow]:
    """Stored spans that are no calls, where they decide which call stands in which."""
    gaps = traces_with_gaps(known.values())
    if not gaps:
        return []
    near = _near([row for row in known.values() if row["trace_id"] in gaps], gaps)
    return [row for row in writer.spans_between(near) if key_of(row) not in known]


def _held(stored: Mapping[Key, SpanRow], known: Mapping[Key, SpanRow], links: Mapping[Key, Key]) -> dict[Key, Key]:
    """Links of stored calls to what was not looked at: they stay."""
    linked = {key: kept for key, row in stored.items() if (kept := _link_of(row)) is not None}
    return {key: kept for key, kept in linked.items() if key not in links and kept not in known}


def _near(rows: Sequence[SpanRow], trace_ids: Collection[str] | None = None) -> Near:
    """What calls that may be the same as one of `rows` have in common with it."""
    starts = [row["start_time"] for row in rows]
    calls = [row for row in rows if is_call(row)]
    return Near(
        first=min(starts),
        last=max(starts),
        trace_ids={row["trace_id"] for row in rows} if trace_ids is None else trace_ids,
        response_ids={row["response_id"] for row in calls if row["response_id"]},
        until=max((row["end_time"] for row in calls), default=None),
        apart={seen for row in calls if (seen := _apart(row)) is not None},
        streamed=any(_is_streamed(row) for row in calls),
    )


def _apart(row: SpanRow) -> Apart | None:
    """What a call has in common with the same call in another trace, where no id says so."""
    told = (FAILED, FAILED) if failed(row) else counts(row)
    root = row["parent_span_id"] is None
    if told is None or not (root or failed(row)):
        return None
    named = row["response_id"] is not None
    return Apart(*told, row["start_time"], row["end_time"], row["scope_name"], row["service_name"], named, root)


def _is_streamed(row: SpanRow) -> bool:
    mine = (row["scope_name"] or "").startswith("logfire")
    return mine and (row["output_tokens"] is None or is_late(row))


def _link_of(row: SpanRow) -> Key | None:
    """Key of the call that a stored row repeats."""
    repeated = row["duplicate_of"]
    return None if repeated is None else (row["duplicate_trace_id"] or row["trace_id"], repeated)


def _differs(row: SpanRow, kept: Key | None, wrappers: Collection[Key]) -> bool:
    """Whether a stored row repeats another call than it did, or tells it where it was around it, or the other way."""
    return _link_of(row) != kept or (kept is not None and bool(row["wraps"]) != (key_of(row) in wrappers))


def _put(row: SpanRow, kept: Key | None) -> None:
    if kept is not None:
        row["duplicate_of"] = kept[1]
        row["duplicate_trace_id"] = kept[0] if kept[0] != row["trace_id"] else None
