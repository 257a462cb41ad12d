"""A call as all told it: read with its trace, it is what the view `llm_calls` says."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_i2e.models import SPAN_COLUMNS, Span
from otel_i2e.store.one_call import FILLED, FIRST_FROM_THE_WIRE
from otel_i2e.testing import llm_span, temporary_store

_VALUES: dict[str, Any] = {
    "VARCHAR": st.sampled_from([None, "a", "b"]),
    "BIGINT": st.sampled_from([None, 1, 2]),
    "INTEGER": st.sampled_from([None, 1, 2]),
    "DOUBLE": st.sampled_from([None, 0.5, 1.0]),
    "JSON": st.sampled_from([None, {"a": 1}, {"b": 2}]),
    "VARCHAR[]": st.sampled_from([None, ["stop"], ["length"]]),
}
_LISTS = (
    *("system_instructions", "input_messages", "output_messages", "tool_definitions", "documents", "finish_reasons"),
)
_SAID: list[Any] = [None, [{"role": "user", "parts": []}], []]


def _known() -> Any:
    columns = {name: _VALUES[SPAN_COLUMNS[name]] for name in (*FILLED, *FIRST_FROM_THE_WIRE) if name not in _LISTS}
    columns |= dict.fromkeys(("input_messages", "output_messages"), st.sampled_from(_SAID))
    columns["finish_reasons"] = _VALUES["VARCHAR[]"]
    columns["content_state"] = st.sampled_from(["missing", "truncated", "full"])
    columns["status"] = st.sampled_from(["ok", "error"])
    columns["scope_name"] = st.sampled_from([None, "x", "com.anthropic.sdk.python"])
    return st.fixed_dictionaries(columns)


@given(known=st.lists(_known(), min_size=1, max_size=4), far=st.booleans(), merged=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_call_is_read_as_the_view_has_it(known: list[dict[str, Any]], far: bool, merged: bool) -> None:
    """Its own fields, those of its repeats in this trace or in others, the wire's first, and what was merged."""
    call, *repeats = [llm_span(span_id=f"{n:016x}", **columns) for n, columns in enumerate(known, 1)]
    spans = [call, *(_repeating(call, repeat, far=far and n % 2 == 0) for n, repeat in enumerate(repeats))]
    with temporary_store(spans) as store:
        if merged and repeats:
            columns = {"input_text": "more", "output_messages": "[]", "content_state": "full"}
            with store.write() as writer:
                writer.put_merged({(call.trace_id, call.span_id): columns}, [])
        with store.read() as reader:
            (row,) = reader.rows("SELECT * FROM llm_calls")
            found = {span.span_id: span for span in reader.trace(call.trace_id)}
    assert found[call.span_id] == Span.from_row(row)
    for span in spans[1:]:
        if span.trace_id == call.trace_id:
            assert found[span.span_id].model_copy(update={"ingested_at": None}) == span


def test_the_view_fills_the_columns_that_are_filled_here() -> None:
    """They are written in SQL and in Python: a column that one of them forgets would be read in two ways."""
    with temporary_store() as store, store.read() as reader:
        (row,) = reader.rows("SELECT sql FROM duckdb_views() WHERE view_name = 'llm_calls'")
    filled = re.findall(r"COALESCE\(([^()]*)\) AS (\w+)", row["sql"].replace('"', ""), re.IGNORECASE)
    sources = {name: [one.strip() for one in told.split(",")] for told, name in filled}
    wire = {name for name, told in sources.items() if told[0] == f"r.wire_{name}"}
    row_first = {
        name for name, told in sources.items() if f"s.{name}" in told and told.index(f"s.{name}") < len(told) - 1
    }
    assert wire == set(FIRST_FROM_THE_WIRE)
    assert row_first - wire - {"status", "content_state"} == set(FILLED)


def _repeating(call: Span, repeat: Span, *, far: bool) -> Span:
    update = {"duplicate_of": call.span_id, "trace_id": call.trace_id, "duplicate_trace_id": None}
    if far:
        update |= {"trace_id": "f" * 32, "duplicate_trace_id": call.trace_id}
    return repeat.model_copy(update=update)
