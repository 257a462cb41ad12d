"""One list of columns: models, tables and views cannot drift apart."""

from __future__ import annotations

import pytest

from otel_i2e.models import SPAN_COLUMNS, CaseRun, Contract, Experiment, JudgeStanding, LedgerRow, Override, ScoreRow
from otel_i2e.store.columns import TABLES
from otel_i2e.testing import temporary_store

_OURS = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}


def _described(table: str) -> dict[str, str]:
    with temporary_store() as store, store.read() as reader:
        rows = reader.rows(f"DESCRIBE {table}")
    types = {str(row["column_name"]): str(row["column_type"]) for row in rows}
    return {name: _OURS.get(kind, kind) for name, kind in types.items()}


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_as_the_writer_has_them(table: str) -> None:
    """Names, order and types of the migrations are those that rows are written with."""
    assert list(_described(table).items()) == list(TABLES[table].items())


@pytest.mark.parametrize("view", ["spans", "llm_calls"])
def test_views_of_spans_have_the_public_columns(view: str) -> None:
    """Users see SPAN_COLUMNS, in order, with the documented types."""
    assert list(_described(view).items()) == list(SPAN_COLUMNS.items())


@pytest.mark.parametrize(
    ("table", "model", "besides"),
    [
        ("scores", ScoreRow, set[str]()),
        ("score_ledger", LedgerRow, set[str]()),
        ("overrides", Override, {"spent_on"}),
        ("judge_standings", JudgeStanding, set[str]()),
        ("experiments", Experiment, {"runs"}),
        ("experiment_runs", CaseRun, {"experiment_id"}),
    ],
)
def test_tables_have_the_fields_of_their_models(
    table: str, model: type[Contract | LedgerRow], besides: set[str]
) -> None:
    """A field that a contract gains is stored, or this fails."""
    fields = model.model_fields if issubclass(model, Contract) else model._fields
    assert set(TABLES[table]) ^ set(fields) == besides


def test_every_table_is_one_that_is_written() -> None:
    """No table of the migrations lacks a list of columns."""
    with temporary_store() as store, store.read() as reader:
        rows = reader.rows("SELECT table_name FROM duckdb_tables() ORDER BY table_name")
    assert {row["table_name"] for row in rows} == {*TABLES, "schema_migrations"}
