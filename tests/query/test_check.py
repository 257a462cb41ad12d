"""A query is held to its header."""

from __future__ import annotations

import re

from otel_i2e.models import Query
from otel_i2e.query import column_problems, parameter_problems, parse_query


def _query(kind: str = "promote", params: str = "") -> Query:
    return parse_query(f"-- name: q\n-- description: d\n-- kind: {kind}\n{params}SELECT 1", "q.sql")


def test_a_promotion_names_trace_and_span() -> None:
    """Both columns, whatever else there is."""
    assert list(column_problems(_query(), ["span_id", "score", "trace_id"])) == []
    (said,) = column_problems(_query(), ["trace_id"])
    assert re.search(r"q.sql: .*promote .* has no span_id; select them, or say `-- kind: diagnose`", said)
    (said,) = column_problems(_query(), ["score"])
    assert "has no trace_id and no span_id" in said
    assert list(column_problems(_query("diagnose"), ["score"])) == []


def test_declared_and_used_are_the_same() -> None:
    """Neither a forgotten declaration nor a forgotten use."""
    params = "-- param: a text\n-- param: b text\n"
    assert list(parameter_problems(_query("indicator", params), ["b", "a"])) == []
    forgotten, unused = parameter_problems(_query("indicator", params), ["a", "c"])
    assert "uses $c, which the header does not declare; add `-- param: c text" in forgotten
    assert "declares the param 'b', but the SQL has no $b" in unused
