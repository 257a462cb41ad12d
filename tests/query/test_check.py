"""A query is held to its header."""

from __future__ import annotations

import re

from otel_i2e.models import Query
from otel_i2e.query import column_problems, name_problems, parameter_problems, parse_query


def _query(kind: str = "promote", params: str = "") -> Query:
    return parse_query(f"-- name: q\n-- description: d\n-- kind: {kind}\n{params}SELECT 1", "q.sql")


def test_a_promotion_names_trace_and_span() -> None:
    """Both columns, whatever else there is."""
    assert list(column_problems(_query(), ["span_id", "score", "trace_id"])) == []
    (said,) = column_problems(_query(), ["trace_id"])
    assert re.search(r"q.sql:4: .*promote .* has no span_id; select them, or say `-- kind: diagnose`", said)
    (said,) = column_problems(_query(), ["score"])
    assert "has no trace_id and no span_id" in said
    assert list(column_problems(_query("diagnose"), ["score"])) == []


def test_declared_and_used_are_the_same() -> None:
    """Neither a forgotten declaration nor a forgotten use."""
    params = "-- param: a text\n-- param: b text\n"
    assert list(parameter_problems(_query("indicator", params), ["b", "a"])) == []
    forgotten, unused = parameter_problems(_query("indicator", params), ["a", "c"])
    assert "q.sql:6: the SQL uses $c, which the header does not declare; add `-- param: c text" in forgotten
    assert "q.sql:5: the header declares the param 'b', but the SQL has no $b" in unused


def test_a_use_is_found_on_its_line() -> None:
    """A longer name that begins alike is another parameter."""
    text = "-- name: q\n-- description: d\n-- kind: indicator\n-- param: ab text\n\nSELECT $ab,\n  $a\n"
    (said,) = parameter_problems(parse_query(text, "q.sql"), ["a", "ab"])
    assert said.startswith("q.sql:7: the SQL uses $a,")


def test_a_file_is_named_like_its_query() -> None:
    """Both names and the line, and what to write."""
    text = "-- description: d\n-- name: q\n-- kind: diagnose\nSELECT 1"
    assert list(name_problems(parse_query(text, "queries/q.sql"))) == []
    (said,) = name_problems(parse_query(text, "queries/other.sql"))
    assert said.startswith("queries/other.sql:2: the header's name is 'q' and the file's is 'other'; ")
    assert "-- name: other" in said
    assert "q.sql" in said
