"""Which stored model calls may be the same as new ones, and the links between them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import duckdb

from otel_i2e.store.insert import json_text
from otel_i2e.store.rows import fetched

__all__ = ["FAILED", "Apart", "Near", "calls_near", "link", "spans_between"]

Key = tuple[str, str]

_HOUR: Final = 3_600_000_000
_CLOCKS: Final = 120_000_000
"""Microseconds by which clocks may differ where one call is seen twice. What ended longer ago is not read: a busy
store has hundreds of thousands of calls in an hour."""
_TEXTS: Final = "(SELECT unnest(from_json({name}, '[\"VARCHAR\"]')))"
FAILED: Final = -1
"""Stands for the tokens of a failed call."""
_SAME_TRACE: Final = f"""
trace_id IN {_TEXTS.format(name="$trace_ids")} OR duplicate_trace_id IN {_TEXTS.format(name="$trace_ids")}
"""
_SAME_ANSWER: Final = f"""
response_id IN {_TEXTS.format(name="$response_ids")} AND start_time <= make_timestamptz($until::BIGINT)
"""
_FIELDS: Final = (
    '[{"given":"BIGINT","back":"BIGINT","start":"BIGINT","end":"BIGINT","scope":"VARCHAR","service":"VARCHAR",'
    '"named":"BOOLEAN"}]'
)
_STREAMED: Final = "starts_with(scope_name, 'logfire') AND (output_tokens IS NULL OR starts_with(name, 'streaming '))"
_NEAR: Final = """
SELECT rowid FROM span_rows
WHERE kind IN ('llm', 'embedding')
  AND start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
  AND end_time >= make_timestamptz($ended::BIGINT)
  AND ({same})
"""
_BETWEEN: Final = f"""
SELECT trace_id, span_id, parent_span_id, kind FROM span_rows
WHERE kind NOT IN ('llm', 'embedding')
  AND start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
  AND trace_id IN {_TEXTS.format(name="$trace_ids")}
"""
_LINK: Final = """
UPDATE span_rows SET duplicate_of = new.link[3], duplicate_trace_id = new.link[4], wraps = new.link[5] = 'wraps',
  changed_at = make_timestamptz($now::BIGINT)
FROM (SELECT unnest(from_json($links, '[["VARCHAR"]]')) AS link) AS new
WHERE trace_id = new.link[1] AND span_id = new.link[2]
  AND start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
"""


def _apart(sent: str, seen: str, at: str) -> str:
    """Rows with what is `seen` that may be the same as a call in the parameter `sent`, made `at` its time."""
    return f"""
rowid IN (
  SELECT seen.rowid
  FROM (FROM span_rows SELECT *, rowid, CASE WHEN kind = 'embedding' THEN 0 END AS none) AS seen
  JOIN (SELECT unnest(from_json(${sent}, '{_FIELDS}')) AS one) AS sent
    ON sent.one.given = CASE WHEN seen.status = 'error' THEN {FAILED} ELSE seen.input_tokens END
    AND sent.one.back = CASE WHEN seen.status = 'error' THEN {FAILED} ELSE coalesce(seen.output_tokens, none) END
    AND seen.scope_name IS DISTINCT FROM sent.one.scope
    AND seen.service_name IS NOT DISTINCT FROM sent.one.service
    AND (NOT sent.one.named OR seen.response_id IS NULL)
    AND ({at})
  WHERE seen.kind IN ('llm', 'embedding') AND {seen} AND (seen.response_id IS NULL OR $unnamed)
    AND seen.start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
    AND seen.end_time >= make_timestamptz($ended::BIGINT)
)
"""


_BEGAN: Final = "make_timestamptz(sent.one.start)"
_ENDED: Final = "make_timestamptz(sent.one.end)"
_ROOTS: Final = _apart(
    "roots",
    "seen.parent_span_id IS NULL",
    f"{_BEGAN} BETWEEN seen.start_time AND seen.end_time OR seen.start_time BETWEEN {_BEGAN} AND {_ENDED}",
)
_AROUND: Final = _apart(
    "below",
    "seen.status = 'error' AND seen.parent_span_id IS NOT NULL",
    f"{_BEGAN} >= seen.start_time AND {_ENDED} <= seen.end_time",
)
_BELOW: Final = _apart(
    "around",
    "seen.status = 'error' AND seen.parent_span_id IS NULL",
    f"seen.start_time >= {_BEGAN} AND seen.end_time <= {_ENDED}",
)


class Apart(NamedTuple):
    """A call that another library may have seen in another trace, without a common id.

    It is at the root of both; or of one, and within that of the other, where it failed.
    """

    given: int
    """Input tokens; FAILED for a failed call."""
    back: int
    """Output tokens, likewise."""
    start: int
    """Microseconds since the epoch."""
    end: int
    scope: str | None
    service: str | None
    named: bool
    """Whether it has a response id: then only one without may be the same."""
    root: bool
    """Whether it has no parent."""


class Near(NamedTuple):
    """What a stored call must have in common with new ones, which began from `first` to `last`."""

    first: int
    """Microseconds since the epoch. Calls are looked for from one hour before, if they lasted until then."""
    last: int
    """To one hour after."""
    trace_ids: Collection[str] = ()
    """Traces that it is in, or links to."""
    response_ids: Collection[str] = ()
    until: int | None = None
    """When the last of the new calls ended: one that began later is no other's answer. None: in the hour after."""
    apart: Collection[Apart] = ()
    streamed: bool = False
    """Whether the two spans of Logfire's streams count."""

    @property
    def bounds(self) -> dict[str, int]:
        """The range that is looked at."""
        return {"first": self.first - _HOUR, "last": self.last + _HOUR}

    @property
    def ended(self) -> int:
        """What ended before is not read."""
        return self.first - _CLOCKS


def calls_near(
    connection: duckdb.DuckDBPyConnection, near: Near, columns: Sequence[str], filled: Sequence[str]
) -> list[dict[str, Any]]:
    """Stored calls: `columns` and their links as they are, times in microseconds; of `filled`, True or None.

    They are found by few columns first: to read all of them of every call in the range took 2.3 times as long.
    """
    times = {name: f"epoch_us({name}) AS {name}" for name in ("start_time", "end_time")}
    shown = [times.get(name, name) for name in (*columns, "duplicate_of", "duplicate_trace_id", "wraps")]
    shown += [f"nullif({name} IS NOT NULL, false) AS {name}" for name in filled]
    same, sent = _same(near)
    found = _NEAR.format(same=same)
    sql = f"SELECT {', '.join(shown)} FROM span_rows WHERE rowid IN ({found})"
    return fetched(connection, sql, {**sent, **near.bounds, "ended": near.ended})


def _same(near: Near) -> tuple[str, dict[str, Any]]:
    """What makes a stored call the same, and its parameters: of each that is asked for, for each reads columns."""
    sent = {
        "trace_ids": list(near.trace_ids),
        "response_ids": list(near.response_ids),
        "roots": (roots := [one._asdict() for one in near.apart if one.root]),
        "below": [one for one in roots if one["given"] == FAILED],
        "around": [one._asdict() for one in near.apart if not one.root],
    }
    asked = {"trace_ids": _SAME_TRACE, "response_ids": _SAME_ANSWER}
    asked |= {"roots": _ROOTS, "below": _AROUND, "around": _BELOW}
    same = [condition for name, condition in asked.items() if sent[name]] + [_STREAMED] * near.streamed
    given: dict[str, Any] = {name: json_text(ids) for name, ids in sent.items() if ids}
    given["unnamed"] = not all(one.named for one in near.apart)
    given["until"] = near.until or near.bounds["last"]
    return " OR ".join(f"({one})" for one in same) or "false", given


def spans_between(connection: duckdb.DuckDBPyConnection, near: Near) -> list[dict[str, Any]]:
    """Stored spans of the traces of `near` that are no calls: which lies in which, and their kind."""
    return fetched(connection, _BETWEEN, {"trace_ids": json_text(list(near.trace_ids)), **near.bounds})


def link(
    connection: duckdb.DuckDBPyConnection, links: Mapping[Key, Key | None], wrappers: Collection[Key], near: Near
) -> None:
    """Say of stored spans in the range of `near` which span they repeat; None: none. `wrappers` are around several."""
    told = [[*key, *_link(key, kept), "wraps" if key in wrappers else None] for key, kept in links.items()]
    connection.execute(_LINK, {"links": json_text(told), "now": time.time_ns() // 1000, **near.bounds})


def _link(key: Key, kept: Key | None) -> tuple[str | None, str | None]:
    return (None, None) if kept is None else (kept[1], kept[0] if kept[0] != key[0] else None)
