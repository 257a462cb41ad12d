"""Query files: found by name or path, checked, run."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import QueryError, QueryTimeout, StoreError
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from otel_i2e.workflows import queries
from otel_i2e.workflows.queries import check_query, find_query, library_folder, list_queries, run_query, run_sql

_HEADER = "-- name: {name}\n-- description: A test.\n-- kind: diagnose\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store with three spans and an empty folder for queries."""
    made = Settings(store=str(tmp_path / "s.duckdb"), queries=str(tmp_path / "queries"))
    with Store.of(made).write() as writer:
        writer.add_spans([row_of(llm_span(input_tokens=number)) for number in range(3)])
    return made


def _write(settings: Settings, name: str, sql: str, *, header: str = "", folder: str = "") -> Path:
    path = Path(settings.queries) / folder / f"{name}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_HEADER.format(name=name) + header + sql, encoding="utf-8")
    return path


def test_a_name_is_looked_for_in_the_project_then_in_the_library(settings: Settings) -> None:
    """The project's query hides the library's of the same name."""
    assert Path(find_query("low_score", settings).path).is_relative_to(library_folder())
    mine = _write(settings, "low_score", "SELECT 1", folder="deep/er")
    assert find_query("low_score", settings).path == str(mine)
    listed = [one for one in list_queries(settings) if one.path.stem == "low_score"]
    assert [(one.origin, one.problem) for one in listed] == [("project", None)]


def test_a_path_is_read_as_it_is(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything with a slash or `.sql` is a file."""
    path = _write(settings, "mine", "SELECT 1")
    assert find_query(str(path), settings).name == "mine"
    monkeypatch.chdir(path.parent)
    assert find_query("mine.sql", settings).name == "mine"
    with pytest.raises(QueryError, match=r"cannot read query 'other\.sql': No such file"):
        find_query("other.sql", settings)


def test_a_name_that_is_nowhere(settings: Settings) -> None:
    """Says where it was looked for, and how to see what there is."""
    with pytest.raises(QueryError, match=r"no query is named 'nope' in .* i2e query list"):
        find_query("nope", settings)


def test_a_broken_file_is_listed_with_its_problem_and_found_by_its_file_name(settings: Settings) -> None:
    """One broken query does not hide the others."""
    path = _write(settings, "broken", "SELECT 1", header="-- colour: red\n")
    (problem,) = [one.problem for one in list_queries(settings) if one.path == path]
    assert problem is not None
    assert f"{path}:4: 'colour' is not a header key" in problem
    with pytest.raises(QueryError, match="'colour' is not a header key"):
        find_query("broken", settings)
    assert find_query("low_score", settings)


def test_a_file_that_is_not_utf8(settings: Settings) -> None:
    """Names the byte."""
    path = _write(settings, "latin", "SELECT 1")
    path.write_bytes(path.read_bytes() + "-- ü".encode("latin-1"))
    with pytest.raises(QueryError, match="is not UTF-8"):
        find_query("latin", settings)


@pytest.mark.parametrize(
    ("sql", "header", "said"),
    [
        ("SELECT nonsense FROM spans", "", r"q\.sql:4: .*nonsense"),
        ("\n\nSELECT 1,\n  nonsense FROM spans", "", r"q\.sql:7: .*nonsense"),
        ("DELETE FROM span_rows", "", r"q\.sql:4: this is DELETE, not SELECT"),
        ("SELECT 1; SELECT 2", "", r"q\.sql:4: these are 2 statements"),
        ("", "", r"q\.sql:4: there is no SQL"),
        ("SELECT $a", "", r"uses \$a, which the header does not declare"),
        ("SELECT 1", "-- param: a text = x\n", r"declares the param 'a', but the SQL has no \$a"),
        ("SELECT * FROM read_text('/etc/hostname')", "", r"q\.sql:4: "),
    ],
)
def test_what_check_finds(settings: Settings, sql: str, header: str, said: str) -> None:
    """File and line, in one line; also where there is no store yet."""
    query = find_query(str(_write(settings, "q", sql, header=header)), settings)
    with pytest.raises(QueryError, match=said) as raised:
        check_query(Settings(store="nowhere/s.duckdb"), query)
    assert "\n" not in str(raised.value)


def test_columns_are_given_by_check(settings: Settings) -> None:
    """With their types."""
    path = _write(settings, "q", "SELECT now() - $a AS since, trace_id FROM spans", header="-- param: a duration\n")
    assert list(check_query(settings, find_query(str(path), settings))) == ["since", "trace_id"]


def test_a_query_runs_with_its_parameters(settings: Settings) -> None:
    """Defaults, then what was given; a limit of rows."""
    path = _write(
        settings, "q", "SELECT input_tokens FROM spans WHERE input_tokens >= $least ORDER BY 1",
        header="-- param: least integer = 1  Tokens\n",
    )  # fmt: skip
    query = find_query(str(path), settings)
    assert run_query(settings, query, {}).rows == ((1,), (2,))
    assert run_query(settings, query, {"least": "2"}).rows == ((2,),)
    cut = run_query(settings, query, {}, limit=1)
    assert (cut.rows, cut.truncated) == (((1,),), True)


def test_a_query_that_does_not_hold_to_its_header_is_not_run(settings: Settings) -> None:
    """Running checks first."""
    query = find_query(str(_write(settings, "q", "SELECT 1", header="-- param: a text = x\n")), settings)
    with pytest.raises(QueryError, match="declares the param 'a'"):
        run_query(settings, query, {})


def test_typed_sql_has_the_limits_of_the_settings(settings: Settings) -> None:
    """Rows, time; and a store that is not there."""
    assert run_sql(settings, "SELECT count(*) FROM spans").rows == ((3,),)
    assert run_sql(Settings(store=settings.store, query_max_rows=2), "FROM spans", limit=50).truncated
    endless = "SELECT count(*) FROM range(10000000) AS a, range(10000000) AS b WHERE a.range + b.range = -1"
    with pytest.raises(QueryTimeout, match=r"longer than 0\.1 s"):
        run_sql(Settings(store=settings.store, query_timeout=0.1), endless)
    with pytest.raises(StoreError, match="nothing is stored yet"):
        run_sql(Settings(store="nowhere/s.duckdb"), "SELECT 1")


def test_the_library_of_a_wheel_is_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout it lies beside the package."""
    assert library_folder().name == "queries"
    monkeypatch.setattr(queries, "_PACKAGE", tmp_path / "otel_i2e")
    assert library_folder() == tmp_path / "queries"
    (tmp_path / "otel_i2e/_library/queries").mkdir(parents=True)
    assert library_folder() == tmp_path / "otel_i2e/_library/queries"
