"""Rows as one JSON text: every type arrives as it was, and what cannot be held does not take its batch with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import duckdb
import pytest

from otel_i2e.models import SPAN_COLUMNS, SpanRow
from otel_i2e.store.columns import TABLES
from otel_i2e.store.insert import insert, json_text, micros, plain
from otel_i2e.store.migrate import migrate


def _stored(**columns: Any) -> dict[str, Any]:
    row: SpanRow = {**dict.fromkeys(SPAN_COLUMNS), "packed": False, **columns}
    with duckdb.connect() as connection:
        migrate(connection)
        insert(connection, "span_rows", [row])
        cursor = connection.execute("SELECT * FROM span_rows")
        names = [column[0] for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchall()[0], strict=True))


def test_every_type_arrives() -> None:
    """Text, lists, whole numbers, fractions, times and JSON text; what is not given is NULL."""
    given: dict[str, Any] = {
        "name": 'a\n\t"ü🙂\u2028',
        "finish_reasons": ["stop", "tool_call"],
        "input_tokens": 2**62,
        "cost_usd": 0.1 + 0.2,
        "repeat": 3,
        "attributes": '{"b": 1.10,  "a":[]}',
    }
    found = _stored(start_time=1_790_000_000_123_456, **given)
    assert {name: found[name] for name in given} == given
    assert found["start_time"].astimezone(UTC) == datetime.fromtimestamp(1_790_000_000.123456, UTC)
    assert {name for name, value in found.items() if value is not None} == {*given, "start_time", "packed"}


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("name", "lone \ud800 surrogate", "lone ? surrogate"),
        ("finish_reasons", ["\udfff"], ["?"]),
        ("input_tokens", 2**80, None),
        ("cost_usd", float("nan"), None),
        ("cost_usd", float("inf"), None),
        ("attributes", '{"cut', '"{\\"cut"'),
        ("attributes", "", '""'),
        ("name", "nul \x00 inside", "nul \x00 inside"),
    ],
)
def test_what_cannot_be_held_is_mended(column: str, value: object, stored: object) -> None:
    """One odd value is replaced; its row, and all others, are stored."""
    found = _stored(trace_id="t", **{column: value})
    assert (found["trace_id"], found[column]) == ("t", stored)


def test_deep_json_is_stored() -> None:
    """A nesting that recursive readers give up at."""
    deep = "[" * 900 + "]" * 900
    assert _stored(attributes=deep)["attributes"] == deep


def test_many_rows_go_in_parts() -> None:
    """More rows than one statement takes, in order."""
    rows = [{"score_id": str(number)} for number in range(5000)]
    with duckdb.connect() as connection:
        migrate(connection)
        insert(connection, "scores", rows)
        found = connection.execute("SELECT score_id FROM scores").fetchall()
    assert [name for (name,) in found] == [row["score_id"] for row in rows]


_VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "VARCHAR": ("é", "", "lone \ud800 surrogate", None),
    "JSON": ({}, {"a": 1}, [True], "{cut", None),
    "BIGINT": (2**62, 0, 2**80, None),
    "INTEGER": (3, 0, 2**40, None),
    "DOUBLE": (0.5, 1, 0.0, float("nan"), None),
    "BOOLEAN": (True, False, None),
    "TIMESTAMPTZ": (1_790_000_000_123_456, datetime(2026, 11, 20, 12, tzinfo=UTC), None),
}


@pytest.mark.parametrize("table", TABLES)
def test_a_value_that_all_rows_share_arrives_as_it_does_alone(table: str) -> None:
    """It is given once for all of many rows: any value of any column, under any name."""
    (first, _), *others = TABLES[table].items()
    with duckdb.connect() as connection:
        migrate(connection)
        for turn in range(max(map(len, _VALUES.values()))):
            shared = {name: one[turn % len(one)] for name, kind in others if (one := _VALUES.get(kind))}
            few, many = ([{first: str(number), **shared} for number in range(count)] for count in (2, 100))
            found = [_taken(connection, table, rows) for rows in (few, many)]
            assert [len(rows) for rows in found] == [2, 100]
            assert {repr(row[1:]) for row in found[1]} == {repr(row[1:]) for row in found[0]}


def _taken(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Rows as they are stored; the table is empty before and afterwards."""
    insert(connection, table, rows)
    found = connection.execute(f"SELECT * FROM {table}").fetchall()
    connection.execute(f"DELETE FROM {table}")
    return found


def test_no_rows_do_nothing() -> None:
    """An empty batch is no error."""
    with duckdb.connect() as connection:
        migrate(connection)
        insert(connection, "scores", [])
        assert connection.execute("SELECT count(*) FROM scores").fetchall() == [(0,)]


def test_fields_of_contracts_become_cells() -> None:
    """Times are microseconds, lists and objects JSON text, the rest is as it is."""
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert micros(moment) == int(moment.timestamp()) * 1_000_000
    assert plain({"at": moment, "a": (1,), "b": {"x": None}, "c": "t", "d": None}) == {
        "at": micros(moment),
        "a": "[1]",
        "b": '{"x":null}',
        "c": "t",
        "d": None,
    }
    assert json_text({1: {"a"}}) == '{"1":"{\'a\'}"}'
