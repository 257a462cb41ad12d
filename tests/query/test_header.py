"""The header of a query file: what it says, and what is wrong with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from otel_i2e.errors import QueryError
from otel_i2e.query import parse_query

_GOOD = """\
-- name: low_score
-- description: Spans with a low score: the worst first.
-- A remark, which begins with a capital letter.
--
-- kind: promote
-- param: threshold number = 0.5  Lowest score that is still good
-- param: since duration = 7d
-- param: service text
-- priority: P0
-- severity: S1
-- failure_mode: hallucination
-- suite: slow
-- tags: policy, laptops

SELECT trace_id, span_id -- name: not_a_header
FROM scores
"""


def test_a_header_is_read() -> None:
    """Every key, its parameters in order, and where the SQL begins."""
    query = parse_query(_GOOD, "q.sql")
    assert (query.name, query.kind, query.path, query.line) == ("low_score", "promote", "q.sql", 15)
    assert query.description == "Spans with a low score: the worst first."
    assert query.sql == "SELECT trace_id, span_id -- name: not_a_header\nFROM scores"
    assert query.defaults == {
        "priority": "P0",
        "severity": "S1",
        "failure_mode": "hallucination",
        "suite": "slow",
        "tags": ["policy", "laptops"],
    }
    threshold, since, service = query.params
    assert (threshold.name, threshold.type, threshold.default) == ("threshold", "number", 0.5)
    assert threshold.description == "Lowest score that is still good"
    assert (since.default, since.description) == (timedelta(days=7), "")
    assert (service.type, service.default) == ("text", None)


def test_the_hash_is_of_the_whole_text() -> None:
    """A promoted case remembers which version of the query found it."""
    first, other = parse_query(_GOOD, "a.sql"), parse_query(_GOOD + "-- more", "a.sql")
    assert first.hash == parse_query(_GOOD, "b.sql").hash
    assert len(first.hash) == 12
    assert first.hash != other.hash


def test_windows_line_ends_and_a_byte_order_mark_are_no_matter() -> None:
    """Files come from every editor."""
    query = parse_query("\ufeff" + _GOOD.replace("\n", "\r\n"), "q.sql")
    assert (query.name, query.line) == ("low_score", 15)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-- name: low_score\n", "", "q.sql:1: the header has no 'name'; add a line such as `-- name: low_score`"),
        ("-- kind: promote\n", "", "q.sql:1: the header has no 'kind'; .*promote|diagnose|indicator"),
        ("-- description: Spans", "-- Description: Spans", "q.sql:1: the header has no 'description'"),
        ("name: low_score", "name:", "q.sql:1: 'name' has no value"),
        ("name: low_score", "name: Low Score", "q.sql:1: name 'Low Score' is not valid; use lower-case"),
        ("kind: promote", "kind: promotion", "q.sql:5: kind 'promotion' is not one of promote, diagnose, indicator"),
        ("priority: P0", "priority: high", "q.sql:9: priority 'high' is not one of P0, P1, P2"),
        ("severity: S1", "severity: 1", "q.sql:10: severity '1' is not one of S1, S2, S3, S4"),
        ("suite: slow", "suit: slow", "q.sql:12: 'suit' is not a header key; the keys are name, description"),
        ("suite: slow", "priority: P1", "q.sql:12: 'priority' stands in the header twice, first in line 9"),
        ("param: service text", "param: since text", "q.sql:8: param 'since' is declared twice"),
        ("param: service text", "param: service", "q.sql:8: param 'service' is not valid; write `name type"),
        ("param: service text", "param: $service text", r"q.sql:8: param '\$service text' is not valid"),
        ("param: service text", "param: service string", "q.sql:8: param 'service' has the type 'string', not text, "),
        ("number = 0.5", "number = low", "q.sql:6: threshold = 'low' is not of type number; write it as 0.5"),
        ("duration = 7d", "duration = 7", r"q.sql:7: since = '7' is not of type duration; write it as 24h \(units"),
        ("kind: promote", "kind: diagnose", "q.sql:9: 'priority' is for queries of kind promote; remove it"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, said: str) -> None:
    """One line: file, line, value, rule, remedy."""
    assert old in _GOOD
    with pytest.raises(QueryError, match="^" + said) as raised:
        parse_query(_GOOD.replace(old, new), "q.sql")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "SELECT 1", "-- name: a\n-- description: b\n"])
def test_a_file_without_a_whole_header(text: str) -> None:
    """Says what is missing."""
    with pytest.raises(QueryError, match="the header has no"):
        parse_query(text, "q.sql")


def test_a_header_without_sql_has_none() -> None:
    """The store then says that there is nothing to run."""
    assert parse_query("-- name: a\n-- description: b\n-- kind: diagnose\n", "q.sql").sql == ""
