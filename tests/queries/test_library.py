"""Every query of the library: rows in, rows out.

A folder here is a test. `given.json` has `spans` and `scores` (columns of the tables; `-1h` is a time before now),
`params`, and `query` when the folder is not named after it. `rows.json` has the rows that must come, in order;
of a row only the columns that it names are compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import SPAN_COLUMNS, Query, ScoreRow, SpanRow
from otel_i2e.store import Store
from otel_i2e.store.insert import json_text, micros
from otel_i2e.workflows.queries import check_query, find_query, library_folder, list_queries, run_query

_HERE = Path(__file__).parent
_CASES = sorted(path.name for path in _HERE.iterdir() if (path / "given.json").exists())
_LIBRARY = {path.stem: path for path in sorted(library_folder().rglob("*.sql"))}
_FOLDERS = {"promote": "promote", "diagnose": "diagnose", "indicator": "indicators"}
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _moment(text: str, now: datetime) -> datetime:
    if text.startswith("-"):
        return now - timedelta(**{_UNITS[text[-1]]: int(text[1:-1])})
    return datetime.fromisoformat(text)


def _span(given: Mapping[str, Any], now: datetime) -> SpanRow:
    begun = _moment(given["start_time"], now)
    length = given.get("duration_ms", 1000)
    known: SpanRow = {"kind": "llm", "status": "ok", "content_state": "full", "duration_ms": length}
    times = {"start_time": micros(begun), "end_time": micros(begun + timedelta(milliseconds=length))}
    texts = {
        name: json_text(value) if SPAN_COLUMNS[name] == "JSON" else value
        for name, value in given.items()
        if name not in times
    }
    return {**dict.fromkeys(SPAN_COLUMNS), **known, **times, **texts}


def _score(given: Mapping[str, Any], number: int, now: datetime) -> ScoreRow:
    made = _moment(given.get("created_at", "-30m"), now)
    return ScoreRow.model_validate({"score_id": str(number), "source": "online", **given, "created_at": made})


@pytest.mark.parametrize("name", _CASES)
def test_rows_in_rows_out(name: str, tmp_path: Path) -> None:
    """What the query says of these rows."""
    given = json.loads((_HERE / name / "given.json").read_text(encoding="utf-8"))
    expected = json.loads((_HERE / name / "rows.json").read_text(encoding="utf-8"))
    settings, now = Settings(store=str(tmp_path / "s.duckdb"), queries=str(tmp_path / "none")), datetime.now(UTC)
    with Store.of(settings).write() as writer:
        writer.add_spans([_span(span, now) for span in given["spans"]])
        writer.add_scores([_score(score, number, now) for number, score in enumerate(given.get("scores", []))])
    result = run_query(settings, find_query(given.get("query", name), settings), given.get("params", {}))
    found = [dict(zip(result.columns, map(_plain, row), strict=True)) for row in result.rows]
    named = [{key: row[key] for key in want} for row, want in zip(found, expected, strict=False)]
    assert (named, len(found)) == (expected, len(expected))


_IDENTITIES: list[tuple[str, str | None]] = [("v1", None), ("v2", None), ("v2", "model-a"), ("v2", "model-b")]


@pytest.mark.parametrize("name", _LIBRARY)
def test_no_query_averages_two_identities(name: str, tmp_path: Path) -> None:
    """Versions of a scorer, and models that answered for one, are kept apart: a mean is that of one identity."""
    settings, now = Settings(store=str(tmp_path / "s.duckdb"), queries=str(tmp_path / "none")), datetime.now(UTC)
    spans = [{"trace_id": f"t{n}", "span_id": f"s{n}", "start_time": "-2h"} for n in range(8)]
    rows: list[dict[str, Any]] = []
    for span, (version, model) in zip(spans, _IDENTITIES * 2, strict=True):
        value = 1 / (2 + _IDENTITIES.index((version, model)))  # each identity always says the same
        made = {"name": "same", "scorer_version": version, "model": model, "value": value, "passed": False}
        rows.append({**span, **made})
    with Store.of(settings).write() as writer:
        writer.add_spans([_span(span, now) for span in spans])
        kept = ("trace_id", "span_id", "name", "scorer_version", "model", "value", "passed")
        writer.add_scores([_score({key: row[key] for key in kept}, n, now) for n, row in enumerate(rows)])
    result = run_query(settings, find_query(name, settings), {})
    found = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    said = {round(row["value"], 4) for row in rows}
    means = [row[column] for row in found for column in ("mean_score", "score") if row.get(column) is not None]
    assert all(round(mean, 4) in said for mean in means)
    if "mean_score" in result.columns:
        assert sorted((row["scorer_version"], row["judge_model"] or "") for row in found) == sorted(
            (version, model or "") for version, model in _IDENTITIES
        )


@pytest.mark.parametrize("name", _LIBRARY)
def test_every_query_holds_to_its_header(name: str, tmp_path: Path) -> None:
    """It is named after its file, lies in the folder of its kind, has a sentence, and is checked."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), queries=str(tmp_path / "none"))
    query: Query = find_query(str(_LIBRARY[name]), settings)
    assert query.name == name
    assert {"promote": "promote", "diagnose": "diagnose", "indicator": "indicators"}[query.kind] == _LIBRARY[
        name
    ].parent.name
    assert query.description.endswith(".")
    assert all(param.description and param.default is not None for param in query.params), "it runs as it is"
    assert check_query(settings, query)


def test_every_query_has_a_test() -> None:
    """A new query is one file and one folder here."""
    tested = {
        json.loads((_HERE / name / "given.json").read_text())["query"] if "_with_" in name else name for name in _CASES
    }
    assert set(_LIBRARY) == tested


def test_the_library_is_listed(tmp_path: Path) -> None:
    """Every file, without a problem."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), queries=str(tmp_path / "none"))
    listed = {one.path.stem: one.problem for one in list_queries(settings)}
    assert listed == dict.fromkeys(_LIBRARY)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value
