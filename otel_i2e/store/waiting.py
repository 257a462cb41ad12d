"""Log records that wait for their span, and the spans that got theirs late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import duckdb

from otel_i2e.models import SPAN_COLUMNS, SpanRow
from otel_i2e.store.insert import json_text
from otel_i2e.store.rows import fetched

__all__ = ["remove_spans", "stored_rows", "take_logs", "waiting"]

Key = tuple[str, str]

_KEYS: Final = "(SELECT unnest(from_json($keys, '[[\"VARCHAR\"]]')) AS key)"
_IS_ONE: Final = f"EXISTS (FROM {_KEYS} AS sent WHERE sent.key[1] = trace_id AND sent.key[2] = span_id)"
_IDS: Final = f"(SELECT key[1] FROM {_KEYS})"
_TIMES: Final = ", ".join(f"epoch_us({name}) AS {name}" for name, kind in SPAN_COLUMNS.items() if kind == "TIMESTAMPTZ")
_BOUNDS: Final = f"SELECT epoch_us(min(start_time)), epoch_us(max(start_time)) FROM span_rows WHERE {_IS_ONE}"
_BETWEEN: Final = "start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)"


def waiting(connection: duckdb.DuckDBPyConnection, keys: Collection[Key]) -> list[tuple[str, str, str]]:
    """Trace id, span id and record of the log records that wait for these spans."""
    if not keys or not connection.execute("SELECT 1 FROM waiting_logs LIMIT 1").fetchall():
        return []
    sql = f"SELECT trace_id, span_id, record FROM waiting_logs WHERE {_IS_ONE}"
    return connection.execute(sql, {"keys": json_text(list(keys))}).fetchall()


def take_logs(connection: duckdb.DuckDBPyConnection, keys: Collection[Key]) -> list[tuple[str, str, str]]:
    """As `waiting`; they wait no longer."""
    found = waiting(connection, keys)
    if found:
        connection.execute(f"DELETE FROM waiting_logs WHERE {_IS_ONE}", {"keys": json_text(list(keys))})
    return found


def stored_rows(connection: duckdb.DuckDBPyConnection, keys: Collection[Key]) -> list[SpanRow]:
    """The stored rows of these spans, as they were given to the store."""
    sent: dict[str, Any] = {"keys": json_text(list(keys))}
    ((first, last),) = connection.execute(_BOUNDS, sent).fetchall()
    if first is None:
        return []
    sql = f"SELECT * REPLACE ({_TIMES}) FROM spans WHERE {_BETWEEN} AND trace_id IN {_IDS} AND {_IS_ONE}"
    return fetched(connection, sql, {**sent, "first": first, "last": last})


def remove_spans(connection: duckdb.DuckDBPyConnection, rows: Sequence[SpanRow]) -> None:
    """Take these spans out."""
    starts = [row["start_time"] for row in rows]
    sent = {"keys": json_text([(row["trace_id"], row["span_id"]) for row in rows])}
    connection.execute(
        f"DELETE FROM span_rows WHERE {_BETWEEN} AND {_IS_ONE}", {**sent, "first": min(starts), "last": max(starts)}
    )
