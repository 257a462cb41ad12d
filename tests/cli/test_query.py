"""`i2e query list | check | run`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, score_row


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    monkeypatch.chdir(tmp_path)
    spans = [llm_span(f"question {number}") for number in range(2)]
    with Store(tmp_path / ".i2e/i2e.duckdb").write() as writer:
        writer.add_spans([row_of(span) for span in spans])
        writer.add_scores([score_row(spans[0], "grounded", 0.6), score_row(spans[1], "grounded", 0.2)])
    Path("queries").mkdir()


def _write(name: str, text: str) -> Path:
    path = Path("queries") / f"{name}.sql"
    path.write_text(f"-- name: {name}\n-- description: Mine.\n-- kind: diagnose\n{text}")
    return path


def test_list_has_the_project_and_the_library(i2e: Callable[..., Any]) -> None:
    """With kinds, parameters and sentences; a broken file with its problem."""
    _write("mine", "SELECT 1")
    _write("broken", "-- colour: red\nSELECT 1")
    rows = {row["name"]: row for row in json.loads(i2e("query", "list", "--json").out)}
    assert (rows["mine"]["origin"], rows["low_score"]["origin"]) == ("project", "library")
    assert rows["low_score"]["params"] == ["threshold number", "since duration"]
    assert "'colour' is not a header key" in rows["broken"]["problem"]
    assert "mine\tdiagnose\tproject\t\tMine.\n" in i2e("query", "list").out


def test_check_of_everything(i2e: Callable[..., Any]) -> None:
    """Without names, all are checked; the columns are shown."""
    ran = i2e("query", "check")
    assert ran.code == 0
    assert "ok  error_rate: day, service_name, traces, failed, error_rate\n" in ran.out


def test_check_names_every_problem_and_exits_2(i2e: Callable[..., Any]) -> None:
    """File and line, one line each; good ones are said to be good."""
    _write("bad", "SELECT nonsense FROM spans")
    _write("worse", "DELETE FROM spans")
    ran = i2e("query", "check", "bad", "low_score", "queries/worse.sql")
    assert ran.code == 2
    assert ran.out.startswith("ok  low_score: trace_id, span_id, ")
    first, second = ran.err.splitlines()
    assert "queries/bad.sql:4: " in first
    assert "queries/worse.sql:4: this is DELETE, not SELECT" in second
    found = json.loads(i2e("query", "check", "bad", "low_score", "--json").out)
    assert [one["ok"] for one in found] == [False, True]


def test_run_with_parameters(i2e: Callable[..., Any]) -> None:
    """`--param` may be repeated."""
    columns = "select"
    ran = i2e("query", "run", "low_score", "--param", "threshold=0.7", "--param", "since=2d", "--json")
    assert columns not in ran.out
    assert [row["score"] for row in json.loads(ran.out)] == [0.2, 0.6]
    assert [row["score"] for row in json.loads(i2e("query", "run", "low_score", "--json").out)] == [0.2]
    assert i2e("query", "run", "low_score", "--param", "threshold=0.7", "--limit", "1", "--csv").out.count("\n") == 2


@pytest.mark.parametrize(
    ("param", "said"),
    [
        ("threshold", "--param 'threshold' is not NAME=VALUE"),
        ("=1", "is not NAME=VALUE"),
        ("threshold=low", "threshold = 'low' is not of type number"),
        ("colour=red", "has no parameter 'colour'; its parameters are threshold, since"),
    ],
)
def test_a_wrong_parameter(i2e: Callable[..., Any], param: str, said: str) -> None:
    """Names the value and the rule; exit 2."""
    ran = i2e("query", "run", "low_score", "--param", param)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_query_that_is_not_there(i2e: Callable[..., Any]) -> None:
    """Says how to see what there is."""
    ran = i2e("query", "run", "nope")
    assert ran.code == 2
    assert "i2e query list" in ran.err


def test_check_lists_everything_that_is_wrong_with_a_query(i2e: Callable[..., Any]) -> None:
    """An undeclared parameter is not hidden by a wrong column; `run` says the first and how many more there are."""
    _write("bad", "-- param: unused text\nSELECT nonsense, $who AS who FROM spans")
    ran = i2e("query", "check", "bad")
    assert ran.code == 2
    column, undeclared, unused = ran.err.splitlines()
    assert "queries/bad.sql:5: " in column
    assert '"nonsense" not found' in column
    assert "the SQL uses $who, which the header does not declare" in undeclared
    assert "declares the param 'unused', but the SQL has no $unused" in unused
    assert len(json.loads(i2e("query", "check", "bad", "--json").out)[0]["problems"]) == 3
    ran = i2e("query", "run", "bad", "--param", "unused=1")
    assert ran.code == 2
    assert '"nonsense" not found' in ran.err
    assert "(and 2 more: i2e query check " in ran.err


def test_check_tells_names_that_differ(i2e: Callable[..., Any]) -> None:
    """Found by one name and listed under another: an error, with both; it can be run all the same."""
    _write("mine", "SELECT 1 AS n").rename("queries/other.sql")
    ran = i2e("query", "check", "queries/other.sql")
    assert ran.code == 2
    assert "other.sql:1: the header's name is 'mine' and the file's is 'other'" in ran.err
    assert i2e("query", "run", "mine").code == 0
