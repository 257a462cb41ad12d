"""Rows on their way out: mappings with times in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

__all__ = ["fetched", "in_utc"]


def fetched(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any] | Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Rows of our own SQL as mappings. JSON is text; times are datetimes in UTC. Raises duckdb.Error.

    Named parameters that the SQL does not use may be given; DuckDB alone would refuse them.
    """
    given = dict(params) if isinstance(params, Mapping) else list(params)
    if isinstance(given, dict):
        used = set(re.findall(r"\$(\w+)", sql))
        given = {name: value for name, value in given.items() if name in used}
    cursor = connection.execute(sql, given or None)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, in_utc(row), strict=True)) for row in cursor.fetchall()]


def in_utc(row: Iterable[Any]) -> tuple[Any, ...]:
    """The values, with `datetime.UTC` for DuckDB's own notion of it."""
    return tuple(value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value for value in row)
