"""Parameters: declared in a header, given as text, handed to SQL as values."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.errors import QueryError
from otel_i2e.models import Query
from otel_i2e.query import parse_param, parse_query, parse_value, samples, values_of, written


def _query(*params: str) -> Query:
    header = "".join(f"-- param: {param}\n" for param in params)
    return parse_query(f"-- name: q\n-- description: d\n-- kind: diagnose\n{header}SELECT 1", "q.sql")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "refunds", "refunds"),
        ("integer", "-20", -20),
        ("number", "1e-3", 0.001),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("duration", "90s", timedelta(seconds=90)),
        ("duration", "1.5h", timedelta(minutes=90)),
        ("duration", "2w", timedelta(days=14)),
    ],
)
def test_values_are_read_by_type(kind: str, text: str, value: object) -> None:
    """As people write them."""
    assert parse_value(parse_param(f"x {kind}", "q.sql:1"), text, "--param x") == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.5"),
        ("integer", ""),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "1,5"),
        ("boolean", "maybe"),
        ("duration", "7"),
        ("duration", "-7d"),
        ("duration", "7 fortnights"),
        ("duration", "999999999w"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(kind: str, text: str) -> None:
    """With the place, the value, the type and an example."""
    with pytest.raises(QueryError, match=rf"--param x: x = '.*' is not of type {kind}; write it as "):
        parse_value(parse_param(f"x {kind}", "q.sql:1"), text, "--param x")


def test_defaults_may_be_quoted() -> None:
    """A default with spaces is quoted, and an empty one too."""
    assert parse_param("a text = 'two words'  What it is", "q:1").default == "two words"
    assert parse_param("a text = ''", "q:1").default == ""
    assert parse_param("a text = bare  What it is", "q:1").description == "What it is"


def test_given_values_win_over_defaults() -> None:
    """Every parameter gets a value."""
    query = _query("a integer = 1", "b text", "c duration = 24h")
    assert values_of(query, {"b": "x", "a": "2"}) == {"a": 2, "b": "x", "c": timedelta(days=1)}


@pytest.mark.parametrize(
    ("given_values", "said"),
    [
        ({}, "needs a value for 'b' .text.; give --param b="),
        ({"b": "x", "z": "1"}, "has no parameter 'z'; its parameters are a, b"),
        ({"a": "x", "b": "y"}, "--param a: a = 'x' is not of type integer"),
    ],
)
def test_what_is_wrong_with_given_values(given_values: dict[str, str], said: str) -> None:
    """Unknown, missing, or of the wrong type."""
    with pytest.raises(QueryError, match=said):
        values_of(_query("a integer = 1", "b text"), given_values)


def test_a_query_without_parameters_takes_none() -> None:
    """And says so."""
    with pytest.raises(QueryError, match="has no parameter 'a'; it has none"):
        values_of(_query(), {"a": "1"})


def test_samples_have_the_right_types() -> None:
    """A query is checked with its defaults, or else with a value of the type."""
    query = _query("a integer = 7", "b text", "c duration", "d boolean", "e number")
    expected: dict[str, Any] = {"a": 7, "b": "", "c": timedelta(days=1), "d": True, "e": 0.5}
    assert samples(query) == expected


@given(st.text(max_size=40), st.sampled_from(["text", "integer", "number", "boolean", "duration"]))
def test_any_text_is_a_value_or_a_query_error(text: str, kind: str) -> None:
    """Property: nothing else ever comes out."""
    with suppress(QueryError):
        parse_value(parse_param(f"x {kind}", "q.sql:1"), text, "--param x")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (True, "true"),
        ("refunds", "refunds"),
        (timedelta(days=7), "7d"),
        (timedelta(hours=36), "36h"),
        (timedelta(seconds=90), "90s"),
        (timedelta(0), "0s"),
    ],
)
def test_values_are_written_as_they_are_given(value: Any, text: str) -> None:
    """What is shown can be typed again."""
    assert written(value) == text


NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("2026-11-29", timedelta(hours=36)),
        ("2026-11-30 11:59:59.5", timedelta(seconds=1)),
        ("2026-11-30T12:00+02:00", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
    ],
)
def test_a_date_is_a_duration_until_now(text: str, since: timedelta) -> None:
    """In the time zone of `now`, unless it names one."""
    assert values_of(_query("since duration"), {"since": text}, NOW) == {"since": since}


@pytest.mark.parametrize("text", ["2026-12-01", "soon", "2026-13-01"])
def test_what_is_no_past_date_says_what_is_one(text: str) -> None:
    """A later date, too; and in a header a date is no default, because it would mean more each day."""
    with pytest.raises(QueryError, match="or a past date: 2026-01-31"):
        values_of(_query("since duration"), {"since": text}, NOW)
    with pytest.raises(QueryError, match="is not of type duration"):
        parse_param("since duration = 2026-11-29", "q.sql:1")
