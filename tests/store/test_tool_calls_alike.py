"""The view `tool_calls` and what scorers see of a trace are one thing, whatever was asked, run and told in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from otel_i2e.models import Span, Subject, ToolCall
from otel_i2e.testing import llm_span, temporary_store, tool_span

_BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)
_IDS = ["a", "b", None]
_GIVEN = [{}, {"x": 1}, None]


def _trace(number: int) -> list[Span]:
    """A trace of its own conversation: calls that ask with few ids, runs, and histories, cut or not."""
    rng = Random(number)
    history: list[dict[str, Any]] = []
    spans: list[Span] = []
    for _ in range(rng.randrange(1, 6)):
        if rng.random() < 0.6:
            asked = [
                ToolCall(id=rng.choice(_IDS), name=rng.choice("fg"), arguments=rng.choice(_GIVEN))
                for _ in range(rng.choice([0, 1, 1, 2]))
            ]
            told = history[-rng.choice([1, 9]) :] if rng.random() < 0.7 else []
            spans.append(llm_span(None, None, tool_calls=asked, input_messages=told or None))
            history += [_answer(call.id, rng) for call in asked if rng.random() < 0.8]
        else:
            run = tool_span(rng.choice("fg"), rng.choice(_GIVEN), rng.choice([None, "r", "s"]))
            status = rng.choice(["ok", "ok", "error"])
            spans.append(run.model_copy(update={"tool_call_id": rng.choice(_IDS), "status": status}))
    return [_placed(span, number, place) for place, span in enumerate(spans)]


def _answer(id: str | None, rng: Random) -> dict[str, Any]:
    part = {"type": "tool_call_response", "id": id, "response": rng.choice(["one", "two", {"n": 3}])}
    return {"role": "tool", "parts": [{**part, "is_error": True} if rng.random() < 0.2 else part]}


def _placed(span: Span, number: int, place: int) -> Span:
    where = {
        "trace_id": f"{number + 1:032x}",
        "span_id": f"{number + 1:08x}{place:08x}",
        "parent_span_id": None,
        "start_time": _BEGAN + timedelta(minutes=place),
        "conversation_id": f"c{number}",
    }
    return span.model_copy(update=where)


def _seen(calls: Sequence[ToolCall]) -> list[str]:
    return sorted(json.dumps(call.model_dump(), sort_keys=True) for call in calls)


@pytest.mark.parametrize("seed", [0, 1000])
def test_the_view_and_scorers_see_the_same_calls(seed: int) -> None:
    """Of each of a hundred traces: the request, its run, its arguments and its result."""
    traces = [trace for number in range(seed, seed + 100) if (trace := _trace(number))]
    with temporary_store([span for trace in traces for span in trace]) as store, store.read() as reader:
        rows = reader.rows("SELECT * FROM tool_calls")
    for trace in traces:
        mine = [row for row in rows if row["trace_id"] == trace[0].trace_id]
        found = [
            ToolCall(
                id=row["tool_call_id"],
                **{name: row[name] for name in ("name", "is_error", "requested_by", "executed_by")},
                **{name: row[name] and json.loads(row[name]) for name in ("arguments", "result")},
            )
            for row in mine
        ]
        assert _seen(found) == _seen(Subject(span=trace[0], trace=tuple(trace)).tool_calls)
