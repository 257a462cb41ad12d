"""Reading: models come back, by condition, by trace, by id or its beginning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from otel_i2e.errors import NotFound, QueryError, StoreError
from otel_i2e.models import Case, Experiment, StoredCase
from otel_i2e.testing import agent_span, llm_span, score_row, temporary_store, trace_of

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _at(minutes: int) -> datetime:
    return _NOW + timedelta(minutes=minutes)


def test_spans_by_condition_newest_first() -> None:
    """With parameters, a limit, and a comment at the end that must not swallow our bracket."""
    spans = [llm_span(start_time=_at(minute), input_tokens=minute) for minute in range(5)]
    with temporary_store(spans) as store, store.read() as reader:
        found = reader.spans("input_tokens >= $least -- the big ones", {"least": 1, "unused": 2}, limit=2)
        assert [span.input_tokens for span in found] == [4, 3]
        assert len(reader.spans()) == 5
        assert {span.start_time and span.start_time.tzinfo for span in found} == {UTC}


def test_a_condition_that_is_wrong_is_a_query_error() -> None:
    """One line from DuckDB, without its SQL."""
    with temporary_store() as store, pytest.raises(QueryError, match="nonsense") as raised, store.read() as reader:
        reader.spans("nonsense = 1")
    assert "\n" not in str(raised.value)


def test_a_trace_by_a_beginning_of_its_id() -> None:
    """In order of start, also in upper case; too short a beginning, none at all, or an empty one is not found."""
    turn = trace_of(agent_span(trace_id="ab" + "0" * 30), llm_span(), llm_span())
    other = llm_span(trace_id="ac" + "0" * 30)
    with temporary_store([*reversed(turn), other]) as store, store.read() as reader:
        assert [span.span_id for span in reader.trace("AB0")] == [span.span_id for span in turn]
        for beginning, said in (("a", "several traces"), ("ff", "no trace has the id 'ff'"), ("", "no trace")):
            with pytest.raises(NotFound, match=said):
                reader.trace(beginning)


def test_several_traces_at_once() -> None:
    """Each in order; one that is not stored is left out; none asks nothing."""
    turns = [trace_of(agent_span(), llm_span()) for _ in range(3)]
    with temporary_store([span for turn in turns for span in turn]) as store, store.read() as reader:
        wanted = [turns[0][0].trace_id, turns[2][0].trace_id, "f" * 32]
        found = reader.traces(wanted)
        ids = {key: [span.span_id for span in spans] for key, spans in found.items()}
        assert ids == {turn[0].trace_id: [span.span_id for span in turn] for turn in (turns[0], turns[2])}
        assert reader.traces([]) == {}


def test_latest_traces() -> None:
    """The newest first; bounded by number, time or condition."""
    spans = [llm_span(start_time=_at(minute), service_name=f"s{minute % 2}") for minute in range(6)]
    with temporary_store(spans) as store, store.read() as reader:
        newest = [row["trace_id"] for row in reader.latest_traces(limit=2)]
        assert newest == [spans[5].trace_id, spans[4].trace_id]
        assert len(reader.latest_traces(limit=50, since=_at(3))) == 3
        odd = reader.latest_traces(limit=50, where="service_name = $name", params={"name": "s1"}, since=_at(2))
        assert [row["trace_id"] for row in odd] == [spans[5].trace_id, spans[3].trace_id]


def test_scores_of_traces_and_of_experiments() -> None:
    """In the order they were made."""
    spans = [llm_span() for _ in range(3)]
    scores = [
        score_row(span, "grounded", 0.5, created_at=_at(minute), experiment_id="exp" if minute else None)
        for minute, span in enumerate(spans)
    ]
    with temporary_store(spans, scores=reversed(scores)) as store, store.read() as reader:
        assert reader.scores() == scores
        assert reader.scores(trace_ids=[spans[0].trace_id, spans[2].trace_id]) == [scores[0], scores[2]]
        assert reader.scores(experiment_id="exp") == scores[1:]
        assert reader.scores(trace_ids=[]) == []


def test_scores_of_a_trace_stand_on_the_calls_that_are_kept() -> None:
    """Those on rows that repeat a call of it too, from other traces; elsewhere a row keeps its own."""
    call, far = llm_span(span_id="1" * 16), llm_span(span_id="3" * 16)
    twin = llm_span(span_id="2" * 16, trace_id=call.trace_id, duplicate_of=call.span_id)
    far = far.model_copy(update={"duplicate_of": call.span_id, "duplicate_trace_id": call.trace_id})
    scores = [score_row(span, "a", 1.0) for span in (call, twin, far)]
    with temporary_store([call, twin, far], scores=scores) as store, store.read() as reader:
        shown = [(row.trace_id, row.span_id) for row in reader.scores_of_trace(call.trace_id)]
        assert shown == [(call.trace_id, call.span_id)] * 3
        assert [row.span_id for row in reader.scores_of_trace(far.trace_id)] == [far.span_id]


def test_cases_by_dataset_status_and_id() -> None:
    """The status is that of the latest revision."""

    def stored(dataset: str, name: str, status: str, revision: int = 1) -> StoredCase:
        return StoredCase.model_validate(
            {"dataset": dataset, "case": Case(id=name, input="?"), "status": status, "revision": revision,
             "created_at": _at(revision)}
        )  # fmt: skip

    a, b = stored("one", "a", "proposed"), stored("one", "b", "proposed")
    rejected, elsewhere = stored("one", "b", "rejected", 2), stored("two", "a", "approved")
    with temporary_store(cases=[a, b, rejected, elsewhere]) as store, store.read() as reader:
        assert reader.cases(dataset="one", status="proposed") == [a]
        assert reader.cases(dataset="one", case_id="b") == [rejected]
        assert len(reader.cases()) == 3
        assert reader.cases(dataset="three") == []


def _experiment(name: str, minute: int, dataset: str = "refunds") -> Experiment:
    return Experiment(
        experiment_id=name, dataset=dataset, dataset_hash="0", task="a:b", repeats=1, created_at=_at(minute), cases=()
    )


def test_experiments_by_id_beginning_dataset_or_the_latest() -> None:
    """An exact id wins over ids that begin with it; what is not there, or not clear, says so."""
    stored = [_experiment("exp-a", 0), _experiment("exp-a-2", 1), _experiment("other", 2, "policy")]
    with temporary_store() as store:
        with store.write() as writer:
            for one in stored:
                writer.add_experiment(one)
        with store.read() as reader:
            assert reader.experiment() == stored[2]
            assert reader.experiment(dataset="refunds") == stored[1]
            assert reader.experiment("exp-a") == stored[0]
            assert reader.experiment("oth") == stored[2]
            assert [row["experiment_id"] for row in reader.experiments(limit=2)] == ["other", "exp-a-2"]
            for wanted, said in (("exp", "several experiments"), ("zzz", "no experiment has the id 'zzz'")):
                with pytest.raises(NotFound, match=said):
                    reader.experiment(wanted)
            with pytest.raises(NotFound, match="for the dataset 'none' is stored"):
                reader.experiment(dataset="none")


def test_reading_is_read_only() -> None:
    """A reader's own SQL cannot change anything either."""
    with temporary_store() as store, pytest.raises((QueryError, StoreError), match="read-only"), store.read() as reader:
        reader.rows("DELETE FROM scores")
