"""Evaluation results of answers, known by their response id. Without one: test_evaluations.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from otel_i2e.models import ScoreRow, SpanRow
from otel_i2e.normalize import RawLog
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, score_row, temporary_store
from otel_i2e.workflows.evaluated import scores_of_answers
from otel_i2e.workflows.linking import link_calls

TRACE, SPAN = "a" * 32, "a" * 16
_LATER = datetime(2030, 1, 1, tzinfo=UTC)


def _result(value: float, trace_id: str = "", span_id: str = "", answer: str = "r") -> RawLog:
    told = {
        "gen_ai.evaluation.name": "relevance",
        "gen_ai.evaluation.score.value": value,
        "gen_ai.response.id": answer,
    }
    return RawLog({}, "", "", trace_id, span_id, "gen_ai.evaluation.result", 10**18, 9, None, told)


def _call(**columns: Any) -> SpanRow:
    given: dict[str, Any] = {"trace_id": TRACE, "span_id": SPAN, "response_id": "r", **columns}
    return row_of(llm_span(**given))


def _store(
    store: Store, rows: Sequence[SpanRow] = (), results: Sequence[RawLog] = (), scores: Sequence[ScoreRow] = ()
) -> None:
    with store.write() as writer:
        link_calls(writer, rows)
        writer.add_scores(scores_of_answers(writer, rows, results, scores))
        writer.add_spans(rows)


def _scores(store: Store) -> list[tuple[Any, ...]]:
    with store.read() as reader:
        rows = reader.rows("SELECT * FROM scores ORDER BY value")
    return [(row["trace_id"], row["span_id"], row["value"]) for row in rows]


def _whole_scores(store: Store) -> list[dict[str, Any]]:
    with store.read() as reader:
        return reader.rows("SELECT * FROM scores ORDER BY ALL")


@pytest.mark.parametrize("emitted", [("", ""), ("b" * 32, "b" * 16)])
def test_a_result_is_of_the_call_that_gave_the_answer(emitted: tuple[str, str]) -> None:
    """Stored before it or with it, and wherever it was emitted."""
    for together in (True, False):
        with temporary_store() as store:
            _store(store, [_call()], [_result(0.2, *emitted)] if together else [])
            _store(store, [], [] if together else [_result(0.2, *emitted)])
            assert _scores(store) == [(TRACE, SPAN, 0.2)]


@pytest.mark.parametrize("emitted", [("", ""), ("b" * 32, "b" * 16), (TRACE, "b" * 16)])
def test_a_result_that_comes_before_its_call_finds_it_later(emitted: tuple[str, str]) -> None:
    """The row is the same as when it comes after; until then it is a score of where it was emitted, if anywhere."""
    after, before = temporary_store(), temporary_store()
    with after as one, before as other:
        _store(one, [_call()])
        for _ in range(2):
            _store(one, [], [_result(0.2, *emitted)])
            _store(other, [], [_result(0.2, *emitted), _result(0.4, answer="q")])
        assert _scores(other) == ([(*emitted, 0.2)] if emitted[0] else [])
        for _ in range(2):
            _store(other, [_call()])
        assert _scores(one) == _scores(other) == [(TRACE, SPAN, 0.2)]
        assert _whole_scores(one) == _whole_scores(other)


def test_the_call_of_its_own_trace_is_meant_whenever_it_comes() -> None:
    """A result that was put onto a call elsewhere goes back where it was emitted, when that call is stored."""
    there = _call(trace_id="b" * 32, span_id="c" * 16, start_time=_LATER)
    results: list[list[dict[str, Any]]] = []
    for order in ([_call(), there], [there, _call()]):
        with temporary_store() as store:
            _store(store, [order[0]])
            _store(store, [], [_result(0.2, "b" * 32, "b" * 16)])
            _store(store, [order[1]])
            results.append(_whole_scores(store))
    assert results[0] == results[1]
    assert (results[0][0]["trace_id"], results[0][0]["span_id"]) == ("b" * 32, "c" * 16)


@pytest.mark.parametrize("first", ["call", "score"])
def test_a_span_event_that_names_an_answer_is_of_the_call_that_gave_it(first: str) -> None:
    """An evaluator's span carries it; one of our own scores stays where it was made."""
    told = score_row(llm_span(trace_id="b" * 32, span_id="b" * 16), "x", 0.3, source="external")
    told = told.model_copy(update={"metadata": {"gen_ai.response.id": "r"}})
    own = told.model_copy(update={"score_id": "own", "source": "online", "value": 0.4, "metadata": {}})
    with temporary_store() as store:
        _store(store, [_call()] if first == "call" else [], [], [own, told] if first == "score" else [])
        _store(store, [_call()] if first == "score" else [], [], [own, told] if first == "call" else [])
        assert _scores(store) == [(TRACE, SPAN, 0.3), ("b" * 32, "b" * 16, 0.4)]


def test_of_several_calls_with_the_answer_the_one_of_its_trace_is_meant() -> None:
    """Else the latest; and of a call that was seen twice the row that is kept."""
    own: dict[str, Any] = {"trace_id": "b" * 32, "span_id": "b" * 16, "scope_name": "com.anthropic.sdk.python"}
    early = _call()
    again = _call(trace_id="c" * 32, span_id="c" * 16)
    again["start_time"] = again["end_time"] = early["end_time"] + 10**6
    seen = {**_call(**own), "start_time": early["start_time"], "end_time": early["end_time"]}
    with temporary_store() as store:
        _store(store, [early, again, seen])
        _store(store, [], [_result(0.1, "b" * 32, "b" * 16), _result(0.2, TRACE, "f" * 16), _result(0.3)])
        assert _scores(store) == [(TRACE, SPAN, 0.1), (TRACE, SPAN, 0.2), ("c" * 32, "c" * 16, 0.3)]
