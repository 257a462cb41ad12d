"""A query is held to its header."""

from __future__ import annotations

import pytest

from otel_i2e.errors import QueryError
from otel_i2e.models import Query
from otel_i2e.query import check_query, parse_query


def _query(kind: str = "promote", params: str = "") -> Query:
    return parse_query(f"-- name: q\n-- description: d\n-- kind: {kind}\n{params}SELECT 1", "q.sql")


def test_a_promotion_names_trace_and_span() -> None:
    """Both columns, whatever else there is."""
    check_query(_query(), ["span_id", "score", "trace_id"], [])
    with pytest.raises(
        QueryError, match=r"q.sql: .*promote .* has no span_id; select them, or say `-- kind: diagnose`"
    ):
        check_query(_query(), ["trace_id"], [])
    with pytest.raises(QueryError, match="has no trace_id and no span_id"):
        check_query(_query(), ["score"], [])
    check_query(_query("diagnose"), ["score"], [])


def test_declared_and_used_are_the_same() -> None:
    """Neither a forgotten declaration nor a forgotten use."""
    params = "-- param: a text\n-- param: b text\n"
    check_query(_query("indicator", params), ["x"], ["b", "a"])
    with pytest.raises(QueryError, match=r"declares the param 'b', but the SQL has no \$b"):
        check_query(_query("indicator", params), ["x"], ["a"])
    with pytest.raises(QueryError, match=r"uses \$c, which the header does not declare; add `-- param: c text"):
        check_query(_query("indicator", params), ["x"], ["a", "b", "c"])
