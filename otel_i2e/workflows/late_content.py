"""Content in log records goes onto its span, whichever of the two comes first, however much later the other.

So does the end of a span that was sent before it had ended, with all that was not known then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawLog, key_of, log_of, log_text, normalize_span, raw_of
from otel_i2e.store import Writer

__all__ = ["GIVEN_UP_DAYS", "ended_first", "join_content", "join_end"]

GIVEN_UP_DAYS: Final = 7
"""A log record whose span has not come by then is dropped: the span was sampled out."""
_OF_THE_SPAN: Final = (
    *("start_time", "end_time", "duration_ms", "resource", "duplicate_of", "duplicate_trace_id", "ingested_at"),
)
_OUTCOME: Final = ("status", "status_message", "error_type", "error_code")

Key = tuple[str, str]


def join_content(writer: Writer, rows: Sequence[SpanRow], logs: Sequence[RawLog]) -> list[SpanRow]:
    """Stored rows with content that came now, in `logs`; `rows`, which are new, get it in place, and what waited.

    Log records without a span wait. What a span has already is not added again.
    """
    new = {key_of(row) for row in rows}
    waited = _by_span([log_of(*record) for record in writer.take_logs(new)])
    came = _by_span(logs)
    for row in rows if waited or came else ():
        if found := [*waited.get(key_of(row), ()), *came.get(key_of(row), ())]:
            row.update(_with(row, found) or {})
    stored = writer.stored_spans(came.keys()) if came else []
    there = {*new, *map(key_of, stored)}
    writer.keep_logs([(*key, log_text(log)) for key, found in came.items() if key not in there for log in found])
    joined = [_with(row, came[key_of(row)]) for row in stored]
    return [row for row in joined if row is not None]


def join_end(writer: Writer, rows: Sequence[SpanRow], there: Mapping[Key, bool]) -> list[SpanRow]:
    """Those of `rows` that have ended, where what is stored of the span had not; content that came for it is in them.

    `there` is what the store has of `rows`, as `Writer.there` says.
    """
    ended = {key_of(row): row for row in reversed(rows) if there.get(key_of(row)) is False and _has_ended(row)}
    if not ended:
        return []
    found: list[SpanRow] = []
    for stored in writer.stored_spans(ended.keys()):
        row = ended[key_of(stored)]
        if row["start_time"] == stored["start_time"]:
            row.update(_with(row, raw_of(stored)[1]) or {})
            found.append(row)
    return found


def ended_first(rows: Sequence[SpanRow]) -> Sequence[SpanRow]:
    """`rows` with those that have not ended behind all others: of two of one span the first is stored.

    What has ended gets the content that came for the other.
    """
    begun = [row for row in rows if not _has_ended(row)]
    if not begun:
        return rows
    ended = [row for row in rows if _has_ended(row)]
    twins = {key_of(row): row for row in reversed(ended)}
    for row in begun:
        if (twin := twins.get(key_of(row))) is not None:
            twin.update(_with(twin, raw_of(row)[1]) or {})
    return [*ended, *begun]


def _has_ended(row: SpanRow) -> bool:
    """Whether its end was told: one that was not is its start."""
    return row["duration_ms"] is not None or row["end_time"] != row["start_time"]


def _by_span(logs: Sequence[RawLog]) -> dict[Key, list[RawLog]]:
    found: defaultdict[Key, list[RawLog]] = defaultdict(list)
    for log in logs:
        found[log.trace_id, log.span_id].append(log)
    return found


def _with(row: SpanRow, logs: Sequence[RawLog]) -> SpanRow | None:
    """What is known of a span with more log records; None when it has them all."""
    raw, had = raw_of(row)
    known = {log_text(log) for log in had}
    more = {text: log for log in logs if (text := log_text(log)) not in known}
    if not more:
        return None
    try:
        read = normalize_span(raw, [*had, *more.values()])
    except Exception:  # noqa: BLE001 -- a mistake of ours in one span must not hold up all others; the row stays as it is
        return None
    return {**read, **{name: row[name] for name in _OF_THE_SPAN}, **_outcome(row, read)}


def _outcome(row: SpanRow, read: SpanRow) -> SpanRow:
    """What the span said of its failure, then what a log record did: one that came alone may be the first to say so."""
    if row["status"] != "error":
        return {name: read[name] for name in _OUTCOME}
    return {name: read[name] if row[name] is None else row[name] for name in _OUTCOME}
