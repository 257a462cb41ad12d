"""Model calls that are new and those that are stored: which is the same, whenever and wherever it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize import MATCHED_BY, RICHNESS, duplicate_links, is_late, is_wire, key_of
from otel_i2e.store import FAILED, Apart, Near, Writer

__all__ = ["link_calls"]

Key = tuple[str, str]
_ROUNDS: Final = 5  # bounds the work where everything hangs together


def link_calls(writer: Writer, rows: Sequence[SpanRow]) -> None:
    """Put into `rows` which call each repeats, and into stored calls where a new one changes it.

    A stored call of another trace is judged with the calls of that trace, and with those that repeat them.
    """
    calls = {key_of(row): row for row in reversed(rows) if row["kind"] in ("llm", "embedding")}
    for row in rows:
        row["duplicate_of"] = row["duplicate_trace_id"] = None
    if not calls:
        return
    near = _near(list(calls.values()))
    stored = _stored(writer, near)
    known = {**calls, **stored}
    links = duplicate_links(known.values())
    held = _held(stored, known, links)
    links = {key: held.get(kept, kept) for key, kept in links.items()}
    for row in rows:
        _put(row, links.get(key_of(row)))
    changed = {
        key: links.get(key) for key, row in stored.items() if key not in held and links.get(key) != _link_of(row)
    }
    writer.link(changed, near)


def _stored(writer: Writer, near: Near) -> dict[Key, SpanRow]:
    """Stored calls near new ones; with them the calls of the traces that they stand in and link to, and so on."""
    stored: dict[Key, SpanRow] = {}
    asked: set[str] = set()
    for _ in range(_ROUNDS):
        more = writer.calls_near(near, MATCHED_BY, RICHNESS)
        stored |= {key_of(row): row for row in more}
        asked |= set(near.trace_ids)
        beside = {trace for row in more for trace in (row["trace_id"], row["duplicate_trace_id"]) if trace} - asked
        if not beside:
            break
        near = Near(near.first, near.last, beside)
    return stored


def _held(stored: dict[Key, SpanRow], known: dict[Key, SpanRow], links: dict[Key, Key]) -> dict[Key, Key]:
    """Links of stored calls to what was not looked at: they stay."""
    linked = {key: kept for key, row in stored.items() if (kept := _link_of(row)) is not None}
    return {key: kept for key, kept in linked.items() if key not in links and kept not in known}


def _near(calls: Sequence[SpanRow]) -> Near:
    starts = [row["start_time"] for row in calls]
    return Near(
        first=min(starts),
        last=max(starts),
        trace_ids={row["trace_id"] for row in calls},
        response_ids={row["response_id"] for row in calls if row["response_id"]},
        apart={seen for row in calls if (seen := _apart(row)) is not None},
        streamed=any(_is_streamed(row) for row in calls),
    )


def _apart(row: SpanRow) -> Apart | None:
    """What a call has in common with the same call in another trace, where no id says so."""
    told = FAILED if row["status"] == "error" else row["output_tokens"]
    if told is None or (row["response_id"] and not is_wire(row)):
        return None
    return Apart(told, row["start_time"], row["end_time"], int(is_wire(row)))


def _is_streamed(row: SpanRow) -> bool:
    mine = (row["scope_name"] or "").startswith("logfire")
    return mine and (row["output_tokens"] is None or is_late(row))


def _link_of(row: SpanRow) -> Key | None:
    """Key of the call that a stored row repeats."""
    repeated = row["duplicate_of"]
    return None if repeated is None else (row["duplicate_trace_id"] or row["trace_id"], repeated)


def _put(row: SpanRow, kept: Key | None) -> None:
    if kept is not None:
        row["duplicate_of"] = kept[1]
        row["duplicate_trace_id"] = kept[0] if kept[0] != row["trace_id"] else None
