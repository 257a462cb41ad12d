"""The views that users query."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from otel_i2e.models import ScoreRow, Span, Subject, ToolCall
from otel_i2e.testing import (
    agent_span,
    llm_span,
    retrieval_span,
    score_row,
    temporary_store,
    tool_span,
    trace_of,
)

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _rows(sql: str, spans: Iterable[Span] = (), scores: Iterable[ScoreRow] = ()) -> list[dict[str, Any]]:
    with temporary_store(spans, scores=scores) as store, store.read() as reader:
        return reader.rows(sql)


class TestLlmCalls:
    """Exactly one row per model call."""

    def test_a_call_that_was_recorded_twice_is_one_row_with_the_fields_of_both(self) -> None:
        """Sums are the truth, and what only one instrumentation knew is kept."""
        first = llm_span(output=None, output_tokens=None, cost_usd=None, conversation_id="c", span_id="1" * 16)
        repeat = llm_span(
            trace_id=first.trace_id, span_id="2" * 16, duplicate_of=first.span_id, scope_name="other",
            output="Yes.", output_tokens=7, cost_usd=0.5, input_tokens=999, conversation_id="other",
        )  # fmt: skip
        (row,) = _rows("SELECT * FROM llm_calls", [first, repeat, agent_span()])
        assert row["span_id"] == first.span_id
        assert (row["output_text"], row["output_tokens"], row["cost_usd"]) == ("Yes.", 7, 0.5)
        assert (row["input_tokens"], row["conversation_id"]) == (100, "c"), "its own fields win"

    def test_content_is_known_when_either_has_it(self) -> None:
        """`missing` gives way; `truncated` does not, because the cut text is what the row has."""
        bare = llm_span(None, None, span_id="1" * 16)
        cut = llm_span(content_state="truncated", span_id="2" * 16)
        repeats = [llm_span(trace_id=one.trace_id, duplicate_of=one.span_id) for one in (bare, cut)]
        rows = _rows("SELECT span_id, content_state FROM llm_calls ORDER BY span_id", [bare, cut, *repeats])
        assert [row["content_state"] for row in rows] == ["full", "truncated"]

    def test_an_error_that_either_saw_is_an_error(self) -> None:
        """With its type."""
        first = llm_span()
        repeat = llm_span(trace_id=first.trace_id, duplicate_of=first.span_id, status="error", error_type="Timeout")
        rows = _rows("SELECT status, error_type FROM llm_calls", [first, repeat])
        assert rows == [{"status": "error", "error_type": "Timeout"}]

    def test_who_asked_in_which_conversation_is_known_of_the_trace(self) -> None:
        """What a call says itself counts first; where a trace names several, nobody knows which is meant."""
        agents = [agent_span(conversation_id="c", user_id="u"), agent_span(conversation_id="c")]
        call, own = llm_span(span_id="1" * 16), llm_span(span_id="2" * 16, conversation_id="own", user_id="me")
        sql = "SELECT conversation_id, user_id FROM llm_calls ORDER BY span_id"
        told = _rows(sql, [*trace_of(*agents, call), llm_span(span_id="3" * 16)])
        assert [tuple(row.values()) for row in told] == [("c", "u"), (None, None)]
        told = _rows(sql, trace_of(*agents, call, own))
        assert [tuple(row.values()) for row in told] == [(None, None), ("own", "me")]

    def test_three_recordings_of_one_call_are_one_row(self) -> None:
        """However many instrumentations were at it."""
        first = llm_span(provider=None)
        repeats = [
            llm_span(trace_id=first.trace_id, span_id=name * 16, duplicate_of=first.span_id, provider=name)
            for name in "ba"
        ]
        assert _rows("SELECT provider FROM llm_calls", [first, *repeats]) == [{"provider": "a"}]


_ASKED = ToolCall(id="t1", name="lookup", arguments={"order": 3})


def _answering(*calls: tuple[str, Any]) -> list[dict[str, Any]]:
    return [
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": name, "response": response}]}
        for name, response in calls
    ]


_TURNS: dict[str, Sequence[Span]] = {
    "asked and run": (
        agent_span(),
        llm_span(tool_calls=[_ASKED]),
        tool_span("lookup", {"order": 3}, "late", tool_call_id="t1"),
    ),
    "asked and answered in the next call": (
        agent_span(),
        llm_span(tool_calls=[_ASKED]),
        llm_span(input_messages=_answering(("t1", {"state": "late"}))),
    ),
    "asked in vain": (agent_span(), llm_span(tool_calls=[_ASKED])),
    "run by the application alone": (agent_span(), tool_span("clock", None, "noon")),
    "run without an id": (
        agent_span(),
        llm_span(tool_calls=[_ASKED, ToolCall(id="t2", name="lookup", arguments={"order": 4})]),
        tool_span("lookup", {"order": 3}, "late"),
        tool_span("lookup", {"order": 4}, None, status="error"),
        tool_span("lookup", {"order": 5}, "own idea"),
    ),
    "asked without an id": (
        agent_span(),
        llm_span(tool_calls=[ToolCall(name="a"), ToolCall(name="a")]),
        tool_span("a", 1, 1),
    ),
    "asked twice with one id, as a history repeats": (
        agent_span(),
        llm_span(tool_calls=[_ASKED]),
        llm_span(tool_calls=[_ASKED]),
        tool_span("lookup", {"order": 3}, "late", tool_call_id="t1"),
    ),
    "run twice for one id": (
        agent_span(),
        llm_span(tool_calls=[_ASKED]),
        tool_span("lookup", {"order": 3}, None, tool_call_id="t1", status="error"),
        tool_span("lookup", {"order": 3}, "late", tool_call_id="t1"),
    ),
    "run by an SDK's helper, and recorded inside by the application too": (
        agent_span(),
        llm_span(tool_calls=[_ASKED, ToolCall(id="t2", name="lookup", arguments={"order": 4})]),
        tool_span("lookup", None, None, tool_call_id="t1", span_id="1" * 16),
        tool_span("lookup", None, None, tool_call_id="t2", span_id="2" * 16),
    ),
    "answered with an error, and not run here": (
        agent_span(),
        llm_span(tool_calls=[_ASKED]),
        llm_span(
            input_messages=[
                {
                    "role": "tool",
                    "parts": [{"type": "tool_call_response", "id": "t1", "response": "no", "is_error": True}],
                }
            ]
        ),
    ),
    "no tool at all": (agent_span(), llm_span()),
    "parallel, run in another order without ids": (
        agent_span(),
        llm_span(tool_calls=[ToolCall(id=f"c{a}", name="f", arguments={"a": a}) for a in (1, 2, 3)]),
        *(tool_span("f", {"a": a} if a < 3 else None, str(a)) for a in (2, 3, 1)),
    ),
    "one id for two calls, answered at the end": (
        agent_span(),
        *(llm_span(tool_calls=[ToolCall(id="call_0", name="f", arguments={"a": a})]) for a in (1, 2)),
        llm_span(input_messages=_answering(("call_0", "one"), ("call_0", "two"))),
    ),
    "one id for two calls, both run": (
        agent_span(),
        *(llm_span(tool_calls=[ToolCall(id="call_0", name="f", arguments={"a": a})]) for a in (1, 2)),
        *(tool_span("f", {"a": a}, str(a), tool_call_id="call_0") for a in (2, 1)),
    ),
    "one id and the same arguments, once the first was answered": (
        agent_span(),
        *(
            llm_span(
                tool_calls=[ToolCall(id="call_0", name="f", arguments={})] * (turn < 3),
                input_messages=_answering(*(("call_0", f"of {n}") for n in range(1, turn))) or None,
            )
            for turn in (1, 2, 3)
        ),
    ),
    "one id and the same arguments, both run": (
        agent_span(),
        llm_span(tool_calls=[ToolCall(id="call_0", name="f", arguments={})]),
        tool_span("f", {}, "one", tool_call_id="call_0"),
        llm_span(tool_calls=[ToolCall(id="call_0", name="f", arguments={})]),
        tool_span("f", {}, "two", tool_call_id="call_0"),
    ),
    "asked after earlier turns, of which the last is told alone": (
        agent_span(),
        llm_span(
            tool_calls=[ToolCall(id="call_0", name="f", arguments={})],
            input_messages=_answering(("call_0", "of the turn before")),
        ),
        llm_span(input_messages=_answering(("call_0", "of this turn"))),
    ),
    "two libraries saw one run": (
        agent_span(),
        llm_span(tool_calls=[_ASKED]),
        *(
            tool_span(
                *("lookup", {"order": 3} if part else None, None if part else "late"),
                tool_call_id="t1",
                scope_name=f"library {part}",
                start_time=_NOW + timedelta(days=2 + part),
                end_time=_NOW + timedelta(days=8 - part),
            )
            for part in (0, 1)
        ),
    ),
    "arguments in another order": (
        agent_span(),
        llm_span(tool_calls=[ToolCall(id=f"c{n}", name="f", arguments={"x": 1, "y": n}) for n in (2, 3)]),
        *(tool_span("f", {"y": n, "x": 1}, str(n)) for n in (3, 2)),
    ),
    "run and answered by the server": (
        agent_span(),
        llm_span(
            output_messages=[
                {
                    "role": "assistant",
                    "parts": [
                        {"type": "server_tool_call", "id": "s1", "name": "search", "server_tool_call": {"q": 1}},
                        {"type": "server_tool_call_response", "id": "s1", "server_tool_call_response": ["a"]},
                    ],
                }
            ]
        ),
    ),
}


def _with_inner_runs(trace: Sequence[Span]) -> list[Span]:
    """Inside of each run that has a known id, a run of the same tool that knows what came back."""
    outer = [span for span in trace if span.span_id in ("1" * 16, "2" * 16)]
    inner = [
        tool_span(
            "lookup", {"order": 3}, f"of {span.tool_call_id}", trace_id=span.trace_id, parent_span_id=span.span_id
        )
        for span in outer
    ]
    return [*trace, *(span.model_copy(update={"start_time": _NOW + timedelta(days=1)}) for span in inner)]


class TestToolCalls:
    """One row per call that a model asked for or the application ran."""

    @pytest.mark.parametrize("turn", _TURNS)
    def test_the_same_calls_as_a_scorer_sees(self, turn: str) -> None:
        """The view and `Subject.tool_calls` read one trace alike."""
        trace = _with_inner_runs(trace_of(*_TURNS[turn]))
        with temporary_store(trace) as store, store.read() as reader:
            rows = reader.rows("SELECT * FROM tool_calls")
            spans = tuple(reader.trace(trace[0].trace_id))
        columns = ("name", "is_error", "requested_by", "executed_by", "result")
        for row in rows:
            row["result"] = None if row["result"] is None else json.loads(row["result"])
        found = [(row["tool_call_id"], *(row[name] for name in columns)) for row in rows]
        calls = Subject(span=spans[0], trace=spans).tool_calls
        expected = [(call.id, *(getattr(call, name) for name in columns)) for call in calls]
        assert sorted(found, key=str) == sorted(expected, key=str)

    def test_a_run_inside_of_a_run_of_the_same_tool_is_one(self) -> None:
        """The outer one has the id, the inner one the result; parents that go round hide nothing."""
        turn = "run by an SDK's helper, and recorded inside by the application too"
        rows = _rows(
            "SELECT tool_call_id, result, executed_by FROM tool_calls ORDER BY ALL",
            _with_inner_runs(trace_of(*_TURNS[turn])),
        )
        assert [tuple(row.values()) for row in rows] == [
            ("t1", '"of t1"', "1" * 16),
            ("t2", '"of t2"', "2" * 16),
        ]
        round_about = [
            tool_span("f", trace_id="a" * 32, span_id=one * 16, parent_span_id=other * 16)
            for one, other in ("12", "21", "33")
        ]
        assert len(_rows("SELECT * FROM tool_calls", round_about)) == 3

    @pytest.mark.parametrize(
        ("turn", "results"), [("two libraries saw one run", ["late"]), ("arguments in another order", ["2", "3"])]
    )
    def test_a_run_belongs_to_its_call(self, turn: str, results: list[str]) -> None:
        """One of several recordings of a run counts; arguments are the same in whichever order."""
        rows = _rows("SELECT result FROM tool_calls ORDER BY tool_call_id", trace_of(*_TURNS[turn]))
        assert [json.loads(row["result"]) for row in rows] == results

    def test_arguments_and_results_are_json(self) -> None:
        """As the model gave them, and as they came back."""
        (row,) = _rows("SELECT * FROM tool_calls", trace_of(*_TURNS["asked and answered in the next call"]))
        assert (row["arguments"], row["result"]) == ('{"order":3}', '{"state":"late"}')
        assert row["duration_ms"] is None

    def test_runs_without_an_id_belong_to_calls_with_their_arguments(self) -> None:
        """Parallel ones start in any order; what is left is taken in turn."""
        calls = [ToolCall(id=f"c{a}", name="f", arguments={"a": a}) for a in (1, 2, 3)]
        runs = [tool_span("f", {"a": a}, str(a)) for a in (2, 1)]
        spans = trace_of(agent_span(), llm_span(output=None, tool_calls=calls), *runs, tool_span("f", None, "3"))
        rows = _rows("SELECT tool_call_id, result FROM tool_calls ORDER BY tool_call_id", spans)
        assert [(row["tool_call_id"], json.loads(row["result"])) for row in rows] == [
            ("c1", "1"),
            ("c2", "2"),
            ("c3", "3"),
        ]

    @pytest.mark.parametrize("ran", [True, False])
    def test_an_id_may_come_again(self, ran: bool) -> None:
        """Servers that count calls in each answer: what was run, or else answered, is each call's own."""
        asked = [llm_span(None, None, tool_calls=[ToolCall(id="call_0", name="f", arguments={"a": a})]) for a in (1, 2)]
        runs = [tool_span("f", {"a": a}, told, tool_call_id="call_0") for a, told in ((1, "one"), (2, "two"))]
        history = [
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_0", "response": told}]}
            for told in ("one", "two")
        ]
        end = llm_span(input_messages=history)
        spans = trace_of(agent_span(), *((asked[0], runs[0], asked[1], runs[1], end) if ran else (*asked, end)))
        rows = _rows("SELECT arguments, result, executed_by FROM tool_calls ORDER BY start_time", spans)
        assert [json.loads(row["arguments"])["a"] for row in rows] == [1, 2]
        assert [json.loads(row["result"]) for row in rows] == ["one", "two"]
        assert all((row["executed_by"] is not None) == ran for row in rows)

    def test_what_a_server_ran_is_answered_in_the_same_output(self) -> None:
        """In the conventions' own parts, and in those of Anthropic."""
        parts = [
            {"type": "server_tool_call", "id": "s1", "name": "search", "server_tool_call": {"q": 1}},
            {"type": "server_tool_call_response", "id": "s1", "server_tool_call_response": ["a"]},
            {"type": "tool_call", "id": "s2", "name": "search", "arguments": {"q": 2}},
            {"type": "tool_call_response", "id": "s2", "response": ["b"]},
        ]
        call = llm_span(output_messages=[{"role": "assistant", "parts": parts}])
        rows = _rows("SELECT arguments, result FROM tool_calls ORDER BY tool_call_id", [call])
        told = [(json.loads(row["arguments"]), json.loads(row["result"])) for row in rows]
        assert told == [({"q": 1}, ["a"]), ({"q": 2}, ["b"])]

    def test_calls_of_two_traces_do_not_mix(self) -> None:
        """Ids repeat between traces."""
        traces = [
            trace_of(*(span.model_copy(update={"trace_id": name * 32}) for span in _TURNS["asked and run"]))
            for name in "ab"
        ]
        spans = [
            span.model_copy(update={"span_id": f"{number:016x}"}) if span.kind == "llm" else span
            for number, span in enumerate(span for trace in traces for span in trace)
        ]
        rows = _rows("SELECT trace_id, count(*) AS n FROM tool_calls GROUP BY ALL ORDER BY ALL", spans)
        assert rows == [{"trace_id": "a" * 32, "n": 1}, {"trace_id": "b" * 32, "n": 1}]


def _turn(hour: int, *spans: Span, conversation: str | None = None) -> list[Span]:
    """Spans of a trace of their own, in that hour, one minute after another."""
    began = _NOW + timedelta(hours=hour)
    return [
        span.model_copy(
            update={
                "trace_id": f"{hour:032x}",
                "span_id": f"{hour:08x}{place:08x}",
                "start_time": began + timedelta(minutes=place),
                "conversation_id": conversation if place == 0 else None,
            }
        )
        for place, span in enumerate(spans)
    ]


def _results(spans: Iterable[Span]) -> list[tuple[Any, ...]]:
    rows = _rows("SELECT trace_id, result, requested_by, executed_by FROM tool_calls ORDER BY start_time", spans)
    return [
        (int(row["trace_id"], 16), row["result"] and json.loads(row["result"]), row["requested_by"], row["executed_by"])
        for row in rows
    ]


class TestToolCallsOfSeveralTraces:
    """What is asked in one turn may be answered, or run, in the next."""

    def test_an_answer_in_the_next_turn_is_the_result(self) -> None:
        """By the conversation, or else by an id that only one trace asked for; one that came before is another's."""
        asked, answer = llm_span(None, None, tool_calls=[_ASKED]), llm_span(input_messages=_answering(("t1", "late")))
        for conversation in ("c", None):
            turns = [_turn(1, asked, conversation=conversation), _turn(2, answer, conversation=conversation)]
            assert _results([span for turn in turns for span in turn]) == [(1, "late", "0000000100000000", None)]
        assert _results([*_turn(3, asked), *_turn(2, answer)]) == [(3, None, "0000000300000000", None)]
        others = [*_turn(1, asked, conversation="c"), *_turn(2, answer, conversation="d")]
        assert _results(others)[0][1] is None
        both = [*_turn(1, asked), *_turn(2, asked), *_turn(3, answer)]
        assert [result for _, result, _, _ in _results(both)] == [None, None]

    def test_a_run_in_another_trace_is_no_call_of_its_own(self) -> None:
        """A worker has a trace of its own; what it ran is preferred to what the next turn says of it."""
        asked = llm_span(None, None, tool_calls=[_ASKED])
        run = tool_span("lookup", {"order": 3}, "ran", tool_call_id="t1")
        answer = llm_span(input_messages=_answering(("t1", "told")))
        expected = (1, "ran", "0000000100000000", "0000000200000000")
        assert _results([*_turn(1, asked), *_turn(2, run), *_turn(3, answer)]) == [expected]
        other = tool_span("clock", None, "noon", tool_call_id="t1")
        assert len(_results([*_turn(1, asked), *_turn(2, other)])) == 2

    def test_numbered_ids_of_a_conversation_belong_to_their_turn(self) -> None:
        """Every turn asks for `call_0`, and is answered at the beginning of the next, which repeats the history."""
        asked = ToolCall(id="call_0", name="f", arguments={})
        turns = [
            _turn(
                turn,
                llm_span(
                    output=None,
                    tool_calls=[asked],
                    input_messages=_answering(*(("call_0", f"of {n}") for n in range(1, turn))),
                ),
                conversation="c",
            )
            for turn in (1, 2, 3)
        ]
        results = _results(span for turn in turns for span in turn)
        assert [result for _, result, _, _ in results] == ["of 1", "of 2", None]

    @pytest.mark.parametrize("told", ["answered", "run"])
    def test_a_call_that_is_asked_for_again_once_it_was_answered_is_another(self, told: str) -> None:
        """With one id and the same arguments, in one trace."""
        asked = ToolCall(id="call_0", name="f", arguments={})
        runs = [tool_span("f", {}, f"of {n}", tool_call_id="call_0") for n in (1, 2)]
        calls = [
            llm_span(
                output=None if turn < 3 else "Done.",
                tool_calls=[asked] * (turn < 3),
                input_messages=_answering(*(("call_0", f"of {n}") for n in range(1, turn))) or None,
            )
            for turn in (1, 2, 3)
        ]
        bare = [call.model_copy(update={"input_messages": None}) for call in calls]
        spans = calls if told == "answered" else [bare[0], runs[0], bare[1], runs[1], bare[2]]
        results = _results(_turn(1, *spans))
        assert [result for _, result, _, _ in results] == ["of 1", "of 2"]
        assert len({executed for *_, executed in results} - {None}) == (2 if told == "run" else 0)


def test_documents_are_rows() -> None:
    """In order, with the query and the score as a number; a score that is none is NULL."""
    found = retrieval_span("return?", ["30 days", "60 days"])
    rows = _rows("SELECT query, position, document_id, content, score FROM documents ORDER BY position", [found])
    assert rows == [
        {"query": "return?", "position": 1, "document_id": "doc-1", "content": "30 days", "score": None},
        {"query": "return?", "position": 2, "document_id": "doc-2", "content": "60 days", "score": None},
    ]


class TestTraces:
    """One row per trace."""

    def test_a_turn(self) -> None:
        """Root, times, counts, tokens, cost, texts, scores, feedback."""
        root = agent_span("Can I?", "No.", start_time=_NOW, duration_ms=2500.0, user_id="u", conversation_id="c")
        end = _NOW + timedelta(seconds=3)
        first, second = llm_span(cost_usd=0.25, end_time=end), llm_span(cost_usd=0.5, status="error", end_time=end)
        turn = trace_of(root, first, second)
        scores = [
            score_row(turn[1], "grounded", 0.25, passed=False),
            score_row(turn[1], "polite", 1.0, passed=True),
            score_row(turn[0], "feedback", 0.0),
        ]
        (row,) = _rows("SELECT * FROM traces", reversed(turn), scores)
        assert row == {
            "trace_id": root.trace_id, "root_span_id": root.span_id, "name": "answer", "service_name": "shop",
            "environment": None, "start_time": _NOW, "end_time": end,
            "duration_ms": 3000.0, "status": "ok", "spans": 3, "errors": 1, "llm_calls": 2,
            "input_tokens": 200, "output_tokens": 40, "cost_usd": 0.75, "conversation_id": "c", "user_id": "u",
            "prompt_name": None, "prompt_version": None, "input_text": "Can I?", "output_text": "No.",
            "lowest_score": 0.25, "failed_scores": 1, "feedback": 0.0, "experiment_id": None, "case_id": None,
        }  # fmt: skip

    @pytest.mark.parametrize("seconds", [-1, 0], ids=["a clock that ran backwards", "an end that was not told"])
    def test_a_duration_that_was_not_measured_is_not_known(self, seconds: int) -> None:
        """As of the span itself: neither negative nor zero."""
        told = {"end_time": _NOW + timedelta(seconds=seconds), "duration_ms": None}
        span = llm_span(start_time=_NOW).model_copy(update=told)
        (row,) = _rows("SELECT duration_ms FROM traces", [span])
        assert row == {"duration_ms": None}

    def test_a_cost_that_is_not_known_is_not_zero(self) -> None:
        """One call without a price makes the sum unknown; no call at all has no cost."""
        unknown = trace_of(agent_span(), llm_span(cost_usd=0.25), llm_span())
        none = trace_of(agent_span())
        rows = _rows("SELECT cost_usd, llm_calls FROM traces ORDER BY llm_calls", [*unknown, *none])
        assert rows == [{"cost_usd": None, "llm_calls": 0}, {"cost_usd": None, "llm_calls": 2}]

    def test_repeated_calls_count_once(self) -> None:
        """And fill in what the first lacks."""
        first = llm_span(cost_usd=None)
        repeat = llm_span(trace_id=first.trace_id, duplicate_of=first.span_id, cost_usd=0.5)
        (row,) = _rows("SELECT llm_calls, input_tokens, cost_usd FROM traces", [first, repeat])
        assert row == {"llm_calls": 1, "input_tokens": 100, "cost_usd": 0.5}

    def test_without_a_root_the_first_span_stands_for_it(self) -> None:
        """A trace whose root is elsewhere, or not there yet; the last call's answer is its output."""
        spans = [
            llm_span(f"in {minute}", f"out {minute}", trace_id="a" * 32, parent_span_id="f" * 16,
                     start_time=_NOW + timedelta(minutes=minute))
            for minute in (1, 0, 2)
        ]  # fmt: skip
        (row,) = _rows("SELECT root_span_id, input_text, output_text FROM traces", spans)
        assert row == {"root_span_id": spans[1].span_id, "input_text": "in 0", "output_text": "out 2"}

    def test_embeddings_are_paid_for_and_are_no_calls(self) -> None:
        """Once, where two libraries saw one; they are in no `llm_calls`."""
        call = llm_span(input_tokens=10, output_tokens=5, cost_usd=0.5)
        told: dict[str, Any] = {"trace_id": call.trace_id, "kind": "embedding", "output_tokens": None}
        vectors = llm_span(input_tokens=7, cost_usd=0.25, **told)
        twin = llm_span(input_tokens=7, cost_usd=0.25, duplicate_of=vectors.span_id, **told)
        (row,) = _rows("SELECT llm_calls, input_tokens, output_tokens, cost_usd FROM traces", [call, vectors, twin])
        assert tuple(row.values()) == (1, 17, 5, 0.75)


class TestLatestScores:
    """What is known now."""

    def test_a_newer_score_takes_the_place_of_an_older_one(self) -> None:
        """Per span and scorer, in production and in each experiment apart."""
        span = llm_span()
        scores = [
            score_row(span, "grounded", value, created_at=_NOW + timedelta(minutes=minute), experiment_id=experiment)
            for minute, (value, experiment) in enumerate([(0.0, None), (1.0, None), (0.25, "exp")])
        ]
        rows = _rows("SELECT value FROM latest_scores ORDER BY value", [span], [*scores, score_row(span, "other", 0.5)])
        assert [row["value"] for row in rows] == [0.25, 0.5, 1.0]

    def test_a_score_on_a_row_that_repeats_a_call_is_of_the_call(self) -> None:
        """In its trace or in another; the newest of all counts, and what failed is a failure of the kept row."""
        call, twin = llm_span(span_id="1" * 16), llm_span(span_id="2" * 16)
        twin = twin.model_copy(update={"trace_id": call.trace_id, "duplicate_of": call.span_id})
        far = llm_span(span_id="3" * 16, duplicate_of=call.span_id, duplicate_trace_id=call.trace_id)
        scores = [
            score_row(span, name, value, created_at=_NOW + timedelta(minutes=minute), passed=value > 0.5)
            for minute, (span, name, value) in enumerate([(call, "a", 0.0), (twin, "a", 1.0), (far, "b", 0.25)])
        ]
        spans = [call, twin, far]
        rows = _rows("SELECT trace_id, span_id, name, value FROM latest_scores ORDER BY value", spans, scores)
        assert [tuple(row.values()) for row in rows] == [
            (call.trace_id, call.span_id, "b", 0.25),
            (call.trace_id, call.span_id, "a", 1.0),
        ]
        failed = _rows("SELECT span_id, scorer FROM failures", spans, scores)
        assert failed == [{"span_id": call.span_id, "scorer": "b"}]
        assert _rows("SELECT DISTINCT span_id FROM scores ORDER BY ALL", spans, scores) == [
            {"span_id": span.span_id} for span in spans
        ]


class TestFailures:
    """One row per production span and reason."""

    def test_reasons(self) -> None:
        """An error, a failed score, a complaint on the whole trace; what passed or is unscored is not there."""
        turn = trace_of(agent_span(), llm_span(), tool_span("t", status="error", error_type="E", status_message="boom"))
        root, call, tool = turn
        scores = [
            score_row(call, "grounded", 0.0, passed=False, label="invented", explanation="no source"),
            score_row(call, "polite", 1.0, passed=True),
            score_row(call, "length", 0.1),
            score_row(root, "feedback", 0.0, explanation="wrong"),
        ]
        columns = "span_id, reason, scorer, score, label, explanation"
        rows = _rows(f"SELECT {columns} FROM failures ORDER BY reason", turn, scores)
        assert [tuple(row.values()) for row in rows] == [
            (tool.span_id, "error", None, None, "E", "boom"),
            (root.span_id, "feedback", "feedback", 0.0, None, "wrong"),
            (call.span_id, "score", "grounded", 0.0, "invented", "no source"),
        ]

    def test_experiments_are_not_production(self) -> None:
        """Neither their errors nor their scores."""
        span = llm_span(status="error", experiment_id="exp")
        live = llm_span()
        scores = [score_row(span, "x", 0.0, passed=False), score_row(live, "x", 0.0, passed=False, experiment_id="exp")]
        assert _rows("SELECT * FROM failures", [span, live], scores) == []

    def test_what_was_scored_anew_and_passed_is_no_failure(self) -> None:
        """The latest score counts; and a thumb up is no complaint."""
        span = llm_span()
        scores = [
            score_row(span, "x", 0.0, passed=False, created_at=_NOW),
            score_row(span, "x", 1.0, passed=True, created_at=_NOW + timedelta(minutes=1)),
            score_row(span, "feedback", 1.0),
        ]
        assert _rows("SELECT * FROM failures", [span], scores) == []
