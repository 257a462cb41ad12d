"""Evaluation results of answers, known by their response id. Without one: test_evaluations.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawLog
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, temporary_store
from otel_i2e.workflows.evaluated import scores_of_answers
from otel_i2e.workflows.linking import link_calls

TRACE, SPAN = "a" * 32, "a" * 16


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


def _store(store: Store, rows: Sequence[SpanRow] = (), results: Sequence[RawLog] = ()) -> None:
    with store.write() as writer:
        link_calls(writer, rows)
        writer.add_scores(scores_of_answers(writer, rows, results))
        writer.add_spans(rows)


def _scores(store: Store) -> list[tuple[Any, ...]]:
    with store.read() as reader:
        rows = reader.rows("SELECT * FROM scores ORDER BY value")
    return [(row["trace_id"], row["span_id"], row["value"]) for row in rows]


@pytest.mark.parametrize("emitted", [("", ""), ("b" * 32, "b" * 16)])
def test_a_result_is_of_the_call_that_gave_the_answer(emitted: tuple[str, str]) -> None:
    """Stored before it or with it, and wherever it was emitted."""
    for together in (True, False):
        with temporary_store() as store:
            _store(store, [_call()], [_result(0.2, *emitted)] if together else [])
            _store(store, [], [] if together else [_result(0.2, *emitted)])
            assert _scores(store) == [(TRACE, SPAN, 0.2)]


def test_a_result_without_a_place_waits_for_its_answer() -> None:
    """And waits no longer then; one with a place is there."""
    with temporary_store() as store:
        _store(store, [], [_result(0.2), _result(0.3, "b" * 32, "b" * 16), _result(0.4, answer="q")])
        assert _scores(store) == [("b" * 32, "b" * 16, 0.3)]
        for _ in range(2):
            _store(store, [_call()])
            assert _scores(store) == [(TRACE, SPAN, 0.2), ("b" * 32, "b" * 16, 0.3)]


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
