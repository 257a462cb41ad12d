"""The view `llm_calls` over what real emitters sent: one row a call, and the true sums of tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from compare import sums
from fixtures import emitters, scenarios
from reading import sent_rows

from otel_i2e.models import SpanRow
from otel_i2e.store import Store
from otel_i2e.workflows.linking import link_calls

SEEN_TWICE = [
    "ai_sdk_5",
    "litellm_otel",
    "logfire_anthropic_v2",
    "logfire_openai_v1",
    "openinference_anthropic",
    "openllmetry_anthropic",
    "otelgenai_anthropic",
    "pydantic_ai_v5_anthropic",
    "several_anthropic",
]
Split = Callable[[Sequence[SpanRow]], list[list[SpanRow]]]


def _together(rows: Sequence[SpanRow]) -> list[list[SpanRow]]:
    return [list(rows)]


def _one_by_one(rows: Sequence[SpanRow]) -> list[list[SpanRow]]:
    """Three batches, shuffled, so that either span of a call comes first."""
    shuffled = Random(7).sample(rows, len(rows))
    return [shuffled[start::3] for start in range(3)]


@pytest.mark.parametrize("split", [_together, _one_by_one])
@pytest.mark.parametrize("emitter", SEEN_TWICE)
def test_one_row_a_call(emitter: str, split: Split, tmp_path: Path) -> None:
    """Whatever instrumentations overlap, and whichever span of a call is stored first."""
    _check(emitter, split, tmp_path)


def test_four_libraries_on_one_client_give_the_same_rows_in_any_order(tmp_path: Path) -> None:
    """Every span a batch of its own, whichever comes first: what each library told is on the one row of the call."""
    recorded = [row for scenario in scenarios("several_anthropic") for row in sent_rows(scenario)]
    assert len({row["scope_name"] for row in recorded}) == 4
    wanted = [row for row in recorded if row["trace_id"] in _traces(recorded, "raw_stream", "stream_tools", "thinking")]
    whole = _calls([wanted], tmp_path / "whole")
    assert len(whole) == 4
    assert len(wanted) == 16
    for seed in range(2):
        shuffled = Random(seed).sample(wanted, len(wanted))
        assert _calls([[dict(row)] for row in shuffled], tmp_path / str(seed)) == whole
    (thought,) = [row for row in whole if '"reasoning"' in row["output_messages"]]
    assert json.loads(thought["request_params"])["thinking"]


@pytest.mark.parametrize("emitter", ["logfire_openai_v2", "otelgenai_langchain", "anthropic_sdk"])
def test_one_row_a_tool_call_with_its_result(emitter: str, tmp_path: Path) -> None:
    """Where every call and every run is a trace of its own, as it is without a span of the application around them."""
    told = [one for one in scenarios(emitter) if one.name in ("tools", "stream_tools")]
    store = Store(tmp_path / "s.duckdb")
    with store.write() as writer:
        rows = [row for scenario in told for row in sent_rows(scenario)]
        link_calls(writer, rows)
        writer.add_spans(rows)
    with store.read() as reader:
        calls = reader.rows("SELECT name, result, requested_by FROM tool_calls")
    assert sorted(call["name"] for call in calls) == ["get_order", "get_order", "search_policy"]
    assert all(call["requested_by"] for call in calls)
    assert all(("delivered" if call["name"] == "get_order" else "Electronics") in call["result"] for call in calls)


def _traces(recorded: Sequence[SpanRow], *names: str) -> set[str]:
    wanted = {row["span_id"] for one in scenarios("several_anthropic") if one.name in names for row in sent_rows(one)}
    return {row["trace_id"] for row in recorded if row["span_id"] in wanted}


def _calls(batches: Sequence[Sequence[SpanRow]], folder: Path) -> list[dict[str, Any]]:
    store = Store(folder / "s.duckdb")
    for batch in batches:
        with store.write() as writer:
            link_calls(writer, batch)
            writer.add_spans(batch)
    with store.read() as reader:
        return reader.rows("SELECT * EXCLUDE (ingested_at) FROM llm_calls ORDER BY start_time, span_id")


def test_one_row_a_call_of_all_others(tmp_path: Path, full: bool) -> None:
    """Where nothing is sent twice, nothing is joined."""
    for emitter in sorted(set(emitters()) - set(SEEN_TWICE))[:: 1 if full else 12]:
        _check(emitter, _one_by_one, tmp_path / emitter)


def _check(emitter: str, split: Split, folder: Path) -> None:
    recorded = {scenario.name: sent_rows(scenario) for scenario in scenarios(emitter)}
    store = Store(folder / "s.duckdb")
    for batch in split([row for rows in recorded.values() for row in rows]):
        with store.write() as writer:
            link_calls(writer, batch)
            writer.add_spans(batch)
    with store.read() as reader:
        stored = reader.rows("SELECT trace_id, input_tokens, output_tokens FROM llm_calls")
    for told in sums(emitter):
        ids = {row["trace_id"] for row in recorded[told.scenario]}
        calls = [row for row in stored if row["trace_id"] in ids]
        assert len(calls) == (told.calls if told.exported else 0), told.scenario
        assert _sums(calls) == (told.true_tokens if told.exported else (0, 0)), told.scenario


def _sums(calls: list[dict[str, Any]]) -> tuple[int, int]:
    return sum(row["input_tokens"] or 0 for row in calls), sum(row["output_tokens"] or 0 for row in calls)
