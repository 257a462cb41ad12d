"""Scores that name the answer they are about, by its response id, and the calls that gave it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import duckdb

from otel_i2e.store.insert import json_text
from otel_i2e.store.rows import fetched

__all__ = ["calls_that_gave", "move_scores", "scores_naming"]

Key = tuple[str, str]

_IDS: Final = "(SELECT unnest(from_json($response_ids, '[\"VARCHAR\"]')))"
_GAVE: Final = f"""
SELECT trace_id, span_id, response_id, epoch_us(start_time) AS start_time, duplicate_of, duplicate_trace_id
FROM span_rows
WHERE kind IN ('llm', 'embedding') AND response_id IN {_IDS}
"""
_NAMING: Final = f"""
SELECT score_id, trace_id, span_id, metadata ->> '$."gen_ai.response.id"' AS answer,
  metadata ->> '$."i2e.emitted.trace_id"' AS emitted
FROM scores
WHERE source NOT IN ('online', 'backfill', 'offline') AND (metadata ->> '$."gen_ai.response.id"') IN {_IDS}
"""
_MOVE: Final = """
UPDATE scores SET trace_id = new.place[2], span_id = new.place[3],
  metadata = json_merge_patch(metadata, json_object('i2e.emitted.trace_id', new.place[4]))
FROM (SELECT unnest(from_json($places, '[["VARCHAR"]]')) AS place) AS new
WHERE score_id = new.place[1]
"""


def calls_that_gave(connection: duckdb.DuckDBPyConnection, response_ids: Collection[str]) -> list[dict[str, Any]]:
    """Stored calls with these response ids, whenever they were: their keys and links; times in microseconds."""
    return fetched(connection, _GAVE, {"response_ids": json_text(list(response_ids))})


def scores_naming(connection: duckdb.DuckDBPyConnection, response_ids: Collection[str]) -> list[dict[str, Any]]:
    """Stored scores of others that name these answers: `score_id`, `trace_id`, `span_id`, `answer`, and `emitted`, the
    trace that it came from where it was moved.
    """
    return fetched(connection, _NAMING, {"response_ids": json_text(list(response_ids))})


def move_scores(connection: duckdb.DuckDBPyConnection, places: Mapping[str, tuple[Key, str | None]]) -> None:
    """Put stored scores, by score_id, onto a span, and keep the trace that each came from; None: from that one."""
    told = [[score_id, *place, emitted] for score_id, (place, emitted) in places.items()]
    connection.execute(_MOVE, {"places": json_text(told)})
