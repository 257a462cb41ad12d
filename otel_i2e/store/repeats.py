"""Which stored model calls may be the same as new ones, and the links between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import duckdb

from otel_i2e.store.insert import json_text
from otel_i2e.store.rows import fetched

__all__ = ["FAILED", "Apart", "Near", "calls_near", "link"]

_HOUR: Final = 3_600_000_000
_CLOCKS: Final = 120_000_000
"""Microseconds by which clocks may differ where one call is seen twice. What ended longer ago is not read: a busy
store has hundreds of thousands of calls in an hour."""
_TEXTS: Final = "(SELECT unnest(from_json({name}, '[\"VARCHAR\"]')))"
FAILED: Final = -1
"""Stands for the output tokens of a failed call."""
_AT_THE_WIRE: Final = "(name = 'raw_gen_ai_request' OR starts_with(coalesce(scope_name, ''), 'com.anthropic.'))"
_SAME_TRACE: Final = f"""
trace_id IN {_TEXTS.format(name="$trace_ids")} OR duplicate_trace_id IN {_TEXTS.format(name="$trace_ids")}
"""
_SAME_ANSWER: Final = f"response_id IN {_TEXTS.format(name='$response_ids')}"
_APART: Final = f"""
rowid IN (
  SELECT seen.rowid
  FROM (FROM span_rows SELECT *, rowid, {_AT_THE_WIRE} AS at_the_wire) AS seen
  JOIN (SELECT unnest(from_json($apart, '[["BIGINT"]]')) AS one) AS sent
    ON sent.one[1] = CASE WHEN seen.status = 'error' THEN {FAILED} ELSE seen.output_tokens END
    AND sent.one[4] = CASE WHEN seen.at_the_wire THEN 0 ELSE 1 END
    AND seen.start_time <= make_timestamptz(sent.one[3]) AND seen.end_time >= make_timestamptz(sent.one[2])
  WHERE seen.kind IN ('llm', 'embedding')
    AND seen.start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
    AND (seen.at_the_wire OR seen.response_id IS NULL)
)
"""
_STREAMED: Final = "starts_with(scope_name, 'logfire') AND (output_tokens IS NULL OR starts_with(name, 'streaming '))"
_NEAR: Final = """
SELECT rowid FROM span_rows
WHERE kind IN ('llm', 'embedding')
  AND start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
  AND end_time >= make_timestamptz($ended::BIGINT)
  AND ({same})
"""
_LINK: Final = """
UPDATE span_rows SET duplicate_of = new.link[3], duplicate_trace_id = new.link[4]
FROM (SELECT unnest(from_json($links, '[["VARCHAR"]]')) AS link) AS new
WHERE trace_id = new.link[1] AND span_id = new.link[2]
  AND start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
"""


class Apart(NamedTuple):
    """A call that another library may have seen in another trace, without a common id: at once, with one usage."""

    output_tokens: int
    """FAILED for a failed call."""
    start: int
    """Microseconds since the epoch."""
    end: int
    at_the_wire: int
    """1 for a span of the provider's SDK, which repeats one that is none, and 0 for such a one."""


class Near(NamedTuple):
    """What a stored call must have in common with new ones, which began from `first` to `last`."""

    first: int
    """Microseconds since the epoch. Calls are looked for from one hour before, if they lasted until then."""
    last: int
    """To one hour after."""
    trace_ids: Collection[str] = ()
    """Traces that it is in, or links to."""
    response_ids: Collection[str] = ()
    apart: Collection[Apart] = ()
    streamed: bool = False
    """Whether the two spans of Logfire's streams count."""

    @property
    def bounds(self) -> dict[str, int]:
        """The range that is looked at."""
        return {"first": self.first - _HOUR, "last": self.last + _HOUR}


def calls_near(
    connection: duckdb.DuckDBPyConnection, near: Near, columns: Sequence[str], filled: Sequence[str]
) -> list[dict[str, Any]]:
    """Stored calls: `columns` and their links as they are, times in microseconds; of `filled`, True or None.

    They are found by few columns first: to read all of them of every call in the range took 2.3 times as long.
    """
    times = {name: f"epoch_us({name}) AS {name}" for name in ("start_time", "end_time")}
    shown = [times.get(name, name) for name in (*columns, "duplicate_of", "duplicate_trace_id")]
    shown += [f"nullif({name} IS NOT NULL, false) AS {name}" for name in filled]
    same, sent = _same(near)
    found = _NEAR.format(same=same)
    sql = f"SELECT {', '.join(shown)} FROM span_rows WHERE rowid IN ({found})"
    return fetched(connection, sql, {**sent, **near.bounds, "ended": near.first - _CLOCKS})


def _same(near: Near) -> tuple[str, dict[str, str]]:
    """What makes a stored call the same, and its parameters: of each that is asked for, for each reads columns."""
    sent = {
        "trace_ids": list(near.trace_ids),
        "response_ids": list(near.response_ids),
        "apart": [list(one) for one in near.apart],
    }
    asked = {"trace_ids": _SAME_TRACE, "response_ids": _SAME_ANSWER, "apart": _APART}
    same = [condition for name, condition in asked.items() if sent[name]] + [_STREAMED] * near.streamed
    return " OR ".join(f"({one})" for one in same) or "false", {n: json_text(ids) for n, ids in sent.items() if ids}


def link(
    connection: duckdb.DuckDBPyConnection, links: Mapping[tuple[str, str], tuple[str, str] | None], near: Near
) -> None:
    """Say of stored spans in the range of `near` which span they repeat; None: none."""
    told = [
        [trace_id, span_id, *((kept[1], kept[0] if kept[0] != trace_id else None) if kept else (None, None))]
        for (trace_id, span_id), kept in links.items()
    ]
    connection.execute(_LINK, {"links": json_text(told), **near.bounds})
