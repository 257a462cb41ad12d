"""Rows on their way out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import duckdb

from otel_i2e.store.rows import fetched, in_utc


def test_times_are_in_pythons_own_utc() -> None:
    """Aware times are turned to `datetime.UTC`; others are as they were."""
    moment = datetime(2026, 11, 20, 13, tzinfo=timezone(timedelta(hours=1)))
    (turned, naive, text) = in_utc((moment, datetime(2026, 1, 1), "x"))  # noqa: DTZ001 -- without a zone on purpose
    assert turned == moment
    assert turned.tzinfo is UTC
    assert naive.tzinfo is None
    assert text == "x"


def test_parameters_by_name_or_by_position() -> None:
    """Named ones that the SQL does not use are left out, also when another's name begins the same."""
    with duckdb.connect() as connection:
        assert fetched(connection, "SELECT $id_long AS a", {"id_long": 1, "id": 2}) == [{"a": 1}]
        assert fetched(connection, "SELECT ? AS a, ? AS b", [1, 2]) == [{"a": 1, "b": 2}]
        assert fetched(connection, "SELECT 1 AS a WHERE false") == []
