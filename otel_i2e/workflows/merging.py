"""Merging, the storing: what `normalize.merged` says of each call that was touched → the table `merged_calls`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from otel_i2e.models import SpanRow
from otel_i2e.normalize import key_of, merged, place
from otel_i2e.store import Writer

__all__ = ["merge_calls"]

Key = tuple[str, str]


def merge_calls(
    writer: Writer,
    twins: Mapping[Key, Key],
    touched: Collection[Key],
    sent: Mapping[Key, SpanRow],
    stored: Mapping[Key, SpanRow],
) -> None:
    """Keep what rows of one call add to the row that is kept, anew for each of `touched`.

    `twins` has each row that tells a call once more → the row to keep, all of them; `stored` what is known of stored
    calls, `sent` whole rows. A stored row stays as it is when it is sent again, unless it was read and got more.
    """
    groups: defaultdict[Key, list[Key]] = defaultdict(list)
    for key, kept in twins.items():
        if kept in touched and (kept in sent or kept in stored):
            groups[kept].append(key)
    rows = {key: row for key, row in sent.items() if key not in stored or row.get("ingested_at") is not None}
    unread = {key for kept, repeats in groups.items() for key in (kept, *repeats)} - rows.keys()
    rows |= {key_of(row): row for row in writer.stored_spans(unread)}
    found = {kept: _together(kept, repeats, rows) for kept, repeats in groups.items()}
    writer.put_merged(
        {kept: columns for kept, columns in found.items() if columns},
        [key for key in touched if key in stored or key not in sent],
    )


def _together(kept: Key, repeats: Sequence[Key], rows: Mapping[Key, SpanRow]) -> dict[str, Any]:
    if kept not in rows:
        return {}
    told = sorted((rows[key] for key in repeats if key in rows), key=place)
    return merged(rows[kept], told)
