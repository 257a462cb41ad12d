"""Writing: once each, all or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.models import (
    Case,
    CaseRun,
    Decision,
    Experiment,
    JudgeStanding,
    LedgerRow,
    Origin,
    Outcome,
    Override,
    Policy,
    StoredCase,
)
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, score_row, temporary_store

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _count(store: Store, table: str) -> int:
    with store.read() as reader:
        return reader.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"]


def test_a_span_is_stored_once() -> None:
    """Within a call, within a lease, and in a later lease; the number says how many were new."""
    rows = [row_of(llm_span()) for _ in range(5)]
    with temporary_store() as store:
        with store.write() as writer:
            assert writer.add_spans([*rows, rows[0]]) == 5
            assert writer.add_spans(rows[:2]) == 0
        with store.write() as writer:
            assert writer.add_spans([*rows, row_of(llm_span())]) == 1
            assert writer.add_spans([]) == 0
        assert _count(store, "spans") == 6


def test_the_same_span_id_in_two_traces_is_two_spans() -> None:
    """Identity is the pair of ids."""
    first, second = llm_span(span_id="a" * 16), llm_span(span_id="a" * 16)
    with temporary_store() as store, store.write() as writer:
        assert writer.add_spans([row_of(first), row_of(second)]) == 2


def test_the_first_of_two_counts() -> None:
    """A span that is sent twice with different content keeps what came first."""
    span = llm_span(output="first")
    with temporary_store([span]) as store:
        with store.write() as writer:
            writer.add_spans([row_of(span.model_copy(update={"output_text": "second"}))])
        with store.read() as reader:
            assert [one.output_text for one in reader.spans()] == ["first"]


def test_spans_of_a_batch_are_sorted_by_time() -> None:
    """What came in any order is stored in order of start, so that a query over a day reads a day."""
    spans = [llm_span(start_time=_NOW.replace(minute=minute)) for minute in (5, 1, 9, 3)]
    with temporary_store(spans) as store, store.read() as reader:
        starts = [row["start_time"] for row in reader.rows("SELECT start_time FROM span_rows")]
    assert starts == sorted(starts)


def test_when_it_was_stored_is_filled_in() -> None:
    """`ingested_at` that the caller set stays, and else it is now."""
    set_before = llm_span(ingested_at=_NOW)
    with temporary_store([set_before, llm_span()]) as store, store.read() as reader:
        stored = {span.span_id: span.ingested_at for span in reader.spans()}
    assert stored.pop(set_before.span_id) == _NOW
    (other,) = stored.values()
    assert other is not None
    assert abs((datetime.now(UTC) - other).total_seconds()) < 600


def test_a_span_comes_back_as_it_was() -> None:
    """Every column of a span with everything, through table and view."""
    span = llm_span(
        "Question " * 20,
        "Answer " * 20,
        system="Be brief. " * 20,
        documents=["One.", "Two."],
        attributes={"a": 1.5, "b": ["x", None], "c": "Answer " * 20},
        events=[{"name": "e", "time": 1, "attributes": {}}],
        request_params={"temperature": 0.0},
        resource={"service.name": "shop"},
        status="error",
        cost_usd=1e-9,
        ingested_at=_NOW,
    )
    with temporary_store([span]) as store, store.read() as reader:
        (found,) = reader.spans()
    assert found == span


def test_a_score_is_stored_once() -> None:
    """By its id, whenever it was made."""
    score = score_row(llm_span(), "grounded", 0.5, metadata={"a": [1]})
    with temporary_store(scores=[score]) as store:
        with store.write() as writer:
            again = score.model_copy(update={"created_at": _NOW})
            assert writer.add_scores([again, again]) == 0
            assert writer.add_scores([]) == 0
        with store.read() as reader:
            assert reader.scores() == [score]


def test_every_attempt_leaves_a_row() -> None:
    """The ledger keeps each attempt, with what it cost."""
    row = LedgerRow(
        trace_id="t", span_id="s", rule="r", scorer="judge", scorer_version="1", outcome=Outcome.ERROR,
        reason="timeout", cost_usd=0.25, source="online", created_at=_NOW,
    )  # fmt: skip
    with temporary_store() as store:
        with store.write() as writer:
            assert writer.add_ledger([row, row]) == 2
        with store.read() as reader:
            (found, _) = reader.rows("SELECT * FROM score_ledger")
    assert found == row._asdict()


def test_revisions_are_appended_and_the_latest_is_the_case() -> None:
    """Nothing is overwritten."""
    case = Case(id="laptop", input="90 days?", priority="P0", origin=Origin(trace_id="t", span_id="s"))
    first = StoredCase(dataset="refunds", case=case, status="proposed", revision=1, created_at=_NOW)
    edited = case.model_copy(update={"expected": "30 days"})
    second = StoredCase(
        dataset="refunds", case=edited, status="approved", revision=2, note="ok", by="ann", created_at=_NOW
    )
    with temporary_store(cases=[first]) as store:
        with store.write() as writer:
            writer.add_cases([second])
        with store.read() as reader:
            assert reader.cases() == [second]
            kept = reader.rows("SELECT priority, trace_id, span_id, revision FROM cases ORDER BY revision")
    assert kept == [{"priority": "P0", "trace_id": "t", "span_id": "s", "revision": number} for number in (1, 2)]


def _experiment(**fields: Any) -> Experiment:
    given: dict[str, Any] = {
        "experiment_id": "exp-1", "dataset": "refunds", "dataset_hash": "0" * 12, "task": "app:answer", "repeats": 2,
        "created_at": _NOW, "cases": (Case(id="b", input="x"), Case(id="a", input={"messages": []})),
        "runs": tuple(CaseRun(case_id=case, repeat=repeat, status="ok") for case in "ba" for repeat in (0, 1)),
        "metadata": {"python": "3.11"},
    }  # fmt: skip
    return Experiment.model_validate({**given, **fields})


def test_an_experiment_comes_back_as_it_was_and_is_stored_once() -> None:
    """With cases and runs in order; a second time adds nothing."""
    experiment = _experiment()
    with temporary_store() as store:
        for _ in range(2):
            with store.write() as writer:
                writer.add_experiment(experiment)
        with store.read() as reader:
            assert reader.experiment("exp-1") == experiment
        assert _count(store, "experiment_runs") == 4


def test_overrides_and_decisions_are_recorded() -> None:
    """A decision is kept whole, and its verdict is the experiment's last word."""
    override = Override(experiment_id="exp-1", case_id="a", reason="known", by="ann", created_at=_NOW)
    decision = Decision(
        verdict="fail", experiment_id="exp-1", dataset="refunds", cases=(), reasons=("a failed",),
        policy=Policy(), decided_at=_NOW,
    )  # fmt: skip
    with temporary_store() as store:
        with store.write() as writer:
            writer.add_experiment(_experiment())
            writer.add_override(override)
            writer.add_decision(decision)
        with store.read() as reader:
            assert reader.overrides("exp-1") == [override]
            assert reader.experiments()[0]["decision"] == "fail"
            (row,) = reader.rows("SELECT body FROM gate_decisions")
    assert Decision.model_validate_json(row["body"]) == decision


def test_an_override_is_spent_once() -> None:
    """By the first experiment that says so; the reader knows by which."""
    override = Override(
        override_id="o-1", experiment_id="exp-1", case_id="a", reason="known", by="ann", created_at=_NOW,
        expires_at=_NOW, commit="abc", case_hash="0" * 12, scorer_versions={"s": "1"},
    )  # fmt: skip
    with temporary_store() as store:
        with store.write() as writer:
            writer.add_experiment(_experiment())
            writer.add_override(override)
            assert [writer.spend_override("o-1", one, _NOW) for one in ("exp-1", "exp-2", "exp-1")] == [
                True, False, True,
            ]  # fmt: skip
        with store.read() as reader:
            spent = override.model_copy(update={"spent_on": "exp-1"})
            assert reader.overrides(dataset=_experiment().dataset) == [spent]
            assert reader.overrides(dataset="other") == []


def test_the_latest_standing_of_a_judge_counts() -> None:
    """Per scorer and version."""
    first = JudgeStanding(scorer="j", scorer_version="1", may_block=True, reason="kappa 0.9", created_at=_NOW)
    later = first.model_copy(update={"may_block": False, "created_at": _NOW + timedelta(hours=1)})
    other = first.model_copy(update={"scorer_version": "2"})
    with temporary_store() as store:
        with store.write() as writer:
            for one in (later, first, other):
                writer.add_standing(one)
        with store.read() as reader:
            assert reader.standings() == [later, other]


def test_a_lease_that_raises_stores_nothing(tmp_path: Path) -> None:
    """One transaction: all of it or none."""
    store = Store(tmp_path / "s.duckdb")

    def write() -> None:
        with store.write() as writer:
            writer.add_spans([row_of(llm_span())])
            writer.add_scores([score_row(llm_span(), "x", 1.0)])
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write()
    assert (_count(store, "spans"), _count(store, "scores")) == (0, 0)


def test_a_writer_can_look_before_it_writes(tmp_path: Path) -> None:
    """`rows` sees what the same lease wrote."""
    with Store(tmp_path / "s.duckdb").write() as writer:
        writer.add_spans([row_of(llm_span())])
        assert writer.rows("SELECT count(*) AS n FROM spans") == [{"n": 1}]
