"""`i2e sql`."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import load_settings
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    monkeypatch.chdir(tmp_path)
    spans = [llm_span(f"line one\nline \x1b[31m{number}", input_tokens=number) for number in range(3)]
    with Store.of(load_settings({}, store=str(tmp_path / ".i2e/i2e.duckdb"))).write() as writer:
        writer.add_spans([row_of(span) for span in spans])


def test_rows_as_a_table(i2e: Callable[..., Any]) -> None:
    """Tab-separated in a pipe; what could move a cursor is made visible."""
    ran = i2e("sql", "select input_tokens, input_text from spans order by 1 limit 1")
    assert ran.code == 0
    assert ran.out == "input_tokens\tinput_text\n0\tline one⏎line \\x1b[31m0\n"


def test_rows_as_json_and_csv(i2e: Callable[..., Any]) -> None:
    """For programs."""
    sql = "select input_tokens, finish_reasons from spans order by 1 limit 1"
    assert json.loads(i2e("sql", sql, "--json").out) == [{"input_tokens": 0, "finish_reasons": ["stop"]}]
    assert i2e("sql", sql, "--csv").out == "input_tokens,finish_reasons\n0,['stop']\n"


@pytest.mark.parametrize("arguments", [["sql", "-"], ["sql"]])
def test_sql_from_standard_input(
    i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """`-`, or nothing when something is piped in."""
    monkeypatch.setattr("sys.stdin", io.StringIO("select count(*) as n from spans;\n"))
    assert i2e(*arguments).out == "n\n3\n"


def test_a_cut_is_said(i2e: Callable[..., Any]) -> None:
    """On standard error, so that the output stays clean."""
    ran = i2e("sql", "select 1 as a from spans", "--limit", "2")
    assert (ran.code, ran.out) == (0, "a\n1\n1\n")
    assert "only the first 2 rows are shown; --limit" in ran.err


def test_no_rows_are_said(i2e: Callable[..., Any]) -> None:
    """With the columns, and where to look next."""
    ran = i2e("sql", "select name, kind from spans where false")
    assert ran.out == "No rows. Columns: name, kind. `i2e status` says what is stored.\n"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("selec 1", "syntax error"),
        ("delete from span_rows", "this is DELETE, not SELECT"),
        ("select * from read_text('/etc/hostname')", "disabled"),
        ("select 1; select 2", "2 statements"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_2(i2e: Callable[..., Any], sql: str, said: str) -> None:
    """No traceback."""
    ran = i2e("sql", sql)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert said in ran.err


def test_a_store_that_is_not_there(i2e: Callable[..., Any]) -> None:
    """One line with what to do."""
    ran = i2e("sql", "select 1", "--store", "nowhere/x.duckdb")
    assert ran.code == 2
    assert "nothing is stored yet" in ran.err
    assert not Path("nowhere").exists()


def test_what_waits_in_the_spool_is_seen(i2e: Callable[..., Any], tmp_path: Path) -> None:
    """The command moves it into the store first."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from otel_i2e.spool import Spool

    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = b"t" * 16, b"s" * 8, "waiting"
    span.start_time_unix_nano = span.end_time_unix_nano = 1_790_000_000_000_000_000
    Spool(tmp_path / ".i2e/i2e.duckdb.spool").put(request.SerializeToString())
    assert i2e("sql", "select name from spans where name = 'waiting'").out == "name\nwaiting\n"
