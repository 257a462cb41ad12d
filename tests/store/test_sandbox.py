"""Somebody's SQL can read the store, and nothing else, for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otel_i2e.errors import QueryError, QueryTimeout
from otel_i2e.models import QueryResult
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, temporary_store


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Three spans."""
    with temporary_store([llm_span(input_tokens=number) for number in range(3)]) as made:
        yield made


def _query(store: Store, sql: str, *, timeout: float = 20, max_rows: int = 100) -> QueryResult:
    return store.query(sql, timeout=timeout, max_rows=max_rows)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY spans TO '{file}'",
        "COPY (SELECT 1) TO '{file}' (FORMAT parquet)",
        "EXPORT DATABASE '{file}'",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM duckdb_secrets()",
        "ATTACH '{file}' AS other",
        "ATTACH ':memory:' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM 'https://127.0.0.1:1/x.parquet'",
        "PRAGMA enable_external_access",
        "PRAGMA threads = 1",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET ALL",
        "SET VARIABLE x = 1",
        "CALL pragma_version()",
        "CREATE TABLE t (a INT)",
        "CREATE TEMP TABLE t (a INT)",
        "CREATE MACRO f() AS 1",
        "DELETE FROM span_rows",
        "INSERT INTO scores (score_id) VALUES ('x')",
        "WITH gone AS (DELETE FROM span_rows RETURNING *) SELECT * FROM gone",
        "DROP VIEW spans",
        "CHECKPOINT",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "USE memory",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE scores",
        "",
        "-- nothing",
        "SELEC 1",
        "SELECT nonsense FROM spans",
        "SELECT getenv('HOME')",
        "SELECT $who",
    ],
)
def test_everything_else_is_refused(store: Store, tmp_path: Path, sql: str) -> None:
    """One line, and nothing is written, read or changed."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(QueryError) as raised:
        _query(store, sql.format(file=tmp_path / "out", secret=secret))
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert _query(store, "SELECT count(*) FROM spans").rows == ((3,),)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "FROM spans",
        "SELECT 1;",
        "WITH x AS (SELECT 1) SELECT * FROM x -- done",
        "VALUES (1)",
        "DESCRIBE spans",
        "SHOW TABLES",
        "SUMMARIZE scores",
        "EXPLAIN SELECT 1",
        "SELECT * FROM spans WHERE input_text ILIKE '%hi%' AND attributes->>'a' IS NULL",
    ],
)
def test_what_reads_the_store_runs(store: Store, sql: str) -> None:
    """SELECT in all its spellings, and looking at the schema."""
    assert _query(store, sql).rows


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "SELECT count(*) FROM range(10000000) AS a, range(10000000) AS b WHERE a.range + b.range = -1",
        "SELECT max(hash(a.range, b.range)) FROM range(10000000) AS a, range(10000000) AS b",
    ],
)
def test_an_endless_query_is_stopped(store: Store, sql: str) -> None:
    """After the time limit, with the remedy; and the store can be used again at once."""
    begun = time.monotonic()
    with pytest.raises(QueryTimeout, match=r"longer than 0\.2 s .*I2E_QUERY_TIMEOUT"):
        _query(store, sql, timeout=0.2)
    assert time.monotonic() - begun < 15
    with store.write():
        pass


def test_memory_has_a_limit(store: Store) -> None:
    """A query that wants everything at once ends with one line, by limit of memory or of time."""
    with pytest.raises((QueryError, QueryTimeout)):
        _query(store, "SELECT list(a.range || repeat('x', 1000)) FROM range(100000000) AS a", timeout=2)


def test_rows_have_a_limit(store: Store) -> None:
    """The rest is cut, and said; exactly as many rows as the limit is not."""
    cut = _query(store, "SELECT range FROM range(1000000000)", max_rows=5)
    assert (len(cut.rows), cut.truncated) == (5, True)
    whole = _query(store, "SELECT range FROM range(5)", max_rows=5)
    assert (len(whole.rows), whole.truncated) == (5, False)


def test_parameters_and_times(store: Store) -> None:
    """Named parameters of every type; times come back in UTC; one that is not used is left out."""
    result = store.query(
        "SELECT $text AS text, $number AS number, TIMESTAMPTZ '2026-11-20 12:00:00+00' - $back AS begun",
        {"text": "'; DROP TABLE spans", "number": 0.5, "back": timedelta(hours=24), "unused": 1},
        timeout=5,
        max_rows=1,
    )
    assert result.columns == ("text", "number", "begun")
    assert result.rows == (("'; DROP TABLE spans", 0.5, datetime(2026, 11, 19, 12, tzinfo=UTC)),)


def test_a_line_in_a_file_is_named(store: Store) -> None:
    """DuckDB counts from where the SQL begins; people count from the top of the file."""
    with pytest.raises(QueryError, match=r"^q\.sql:13: .*nonsense"):
        store.query("SELECT 1\n,\nnonsense\nFROM spans", timeout=5, max_rows=1, file="q.sql", line=11)
    with pytest.raises(QueryError, match=r"^q\.sql:11: .*DELETE"):
        store.query("DELETE FROM span_rows", timeout=5, max_rows=1, file="q.sql", line=11)


def test_describing_needs_no_store(tmp_path: Path) -> None:
    """Columns, types and parameters of a SELECT, over the schema alone; nothing is made."""
    store = Store(tmp_path / "none.duckdb")
    found = store.describe("SELECT trace_id, cost_usd > $most AS dear FROM llm_calls -- all", {"most": 1.0})
    assert found.columns == {"trace_id": "VARCHAR", "dear": "BOOLEAN"}
    assert found.parameters == {"most"}
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(QueryError, match=r"q\.sql:7: .*nonsense"):
        store.describe("SELECT trace_id,\nnonsense FROM spans", file="q.sql", line=6)
    with pytest.raises(QueryError, match="2 statements"):
        store.describe("SELECT 1; SELECT 2")
