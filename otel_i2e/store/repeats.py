"""Which stored model calls may be the same as new ones, and the links between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import duckdb

from otel_i2e.store.insert import json_text
from otel_i2e.store.rows import fetched

__all__ = ["Near", "calls_near", "link"]

_HOUR: Final = 3_600_000_000
_TEXTS: Final = "(SELECT unnest(from_json({name}, '[\"VARCHAR\"]')))"
_NEAR: Final = f"""
FROM span_rows
WHERE kind IN ('llm', 'embedding')
  AND start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
  AND (
    trace_id IN {_TEXTS.format(name="$trace_ids")}
    OR duplicate_trace_id IN {_TEXTS.format(name="$trace_ids")}
    OR response_id IN {_TEXTS.format(name="$response_ids")}
    OR (response_id IS NULL OR starts_with(scope_name, 'com.anthropic.'))
      AND output_tokens IN (SELECT unnest(from_json($outputs, '["BIGINT"]')))
    OR $failed AND status = 'error'
    OR $streamed AND starts_with(scope_name, 'logfire') AND (output_tokens IS NULL OR starts_with(name, 'streaming '))
  )
"""
_LINK: Final = """
UPDATE span_rows SET duplicate_of = new.link[3], duplicate_trace_id = new.link[4]
FROM (SELECT unnest(from_json($links, '[["VARCHAR"]]')) AS link) AS new
WHERE trace_id = new.link[1] AND span_id = new.link[2]
  AND start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
"""


class Near(NamedTuple):
    """What a stored call must have in common with new ones, which began from `first` to `last`."""

    first: int
    """Microseconds since the epoch. Calls are looked for from one hour before."""
    last: int
    """To one hour after."""
    trace_ids: Collection[str] = ()
    """Traces that it is in, or links to."""
    response_ids: Collection[str] = ()
    outputs: Collection[int] = ()
    """Output tokens of calls that can only be told by them."""
    failed: bool = False
    """Whether failed calls count."""
    streamed: bool = False
    """Whether the two spans of Logfire's streams count."""

    @property
    def bounds(self) -> dict[str, int]:
        """The range that is looked at."""
        return {"first": self.first - _HOUR, "last": self.last + _HOUR}


def calls_near(
    connection: duckdb.DuckDBPyConnection, near: Near, columns: Sequence[str], filled: Sequence[str]
) -> list[dict[str, Any]]:
    """Stored calls: `columns` and their links as they are, times in microseconds; of `filled`, True or None."""
    times = {name: f"epoch_us({name}) AS {name}" for name in ("start_time", "end_time")}
    shown = [times.get(name, name) for name in (*columns, "duplicate_of", "duplicate_trace_id")]
    shown += [f"nullif({name} IS NOT NULL, false) AS {name}" for name in filled]
    sent = {
        "trace_ids": json_text(list(near.trace_ids)),
        "response_ids": json_text(list(near.response_ids)),
        "outputs": json_text(list(near.outputs)),
        "failed": near.failed,
        "streamed": near.streamed,
    }
    return fetched(connection, f"SELECT {', '.join(shown)} {_NEAR}", {**sent, **near.bounds})


def link(
    connection: duckdb.DuckDBPyConnection, links: Mapping[tuple[str, str], tuple[str, str] | None], near: Near
) -> None:
    """Say of stored spans in the range of `near` which span they repeat; None: none."""
    told = [
        [trace_id, span_id, *((kept[1], kept[0] if kept[0] != trace_id else None) if kept else (None, None))]
        for (trace_id, span_id), kept in links.items()
    ]
    connection.execute(_LINK, {"links": json_text(told), **near.bounds})
