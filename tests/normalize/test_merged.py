"""The columns of a kept row to which another telling of its call adds."""

from __future__ import annotations

import json
from typing import Any

from otel_i2e.models import SpanRow
from otel_i2e.normalize import MERGED, merged
from otel_i2e.testing import llm_span, row_of

CUT = [{"role": "user", "parts": [{"type": "text", "content": "Can I ret…"}]}]


def _row(**columns: Any) -> SpanRow:
    return row_of(llm_span(**columns))


def _merged(kept: SpanRow, *twins: SpanRow) -> dict[str, Any]:
    return {name: json.loads(value) for name, value in merged(kept, twins).items()}


def test_rows_that_say_the_same_change_nothing() -> None:
    """Nor does the order of keys, nor what the kept row lacks altogether: the view fills that."""
    kept = _row(request_params={"a": 1, "b": 2})
    again = {**_row(system="Be brief."), "request_params": '{"b": 2, "a": 1}'}
    assert merged(kept, [again, again]) == merged(kept, []) == {}
    assert merged({**kept, "request_params": None}, [again, again]) == {}


def test_parameters_and_tools_of_both() -> None:
    """The kept row's value counts; a tool is known by its name, and gets what only the other knows of it."""
    kept = _row(request_params={"a": 1}, tool_definitions=[{"name": "f", "description": "F."}])
    other = _row(
        request_params={"a": 2, "b": 3, "c": None},
        tool_definitions=[{"name": "f", "description": "?", "parameters": {"type": "object"}}, {"name": "g"}],
    )
    assert _merged(kept, other) == {
        "request_params": {"a": 1, "b": 3},
        "tool_definitions": [{"name": "f", "description": "F.", "parameters": {"type": "object"}}, {"name": "g"}],
    }
    assert set(_merged(kept, other)) < set(MERGED)


def test_what_several_tell_of_a_kept_row_without_it() -> None:
    """The first tells it, the next adds to that."""
    told = [_row(request_params={"a": 1}), _row(request_params={"b": 2})]
    assert _merged(_row(), *told) == {"request_params": {"a": 1, "b": 2}}


def test_full_content_stands_in_the_place_of_cut_content() -> None:
    """With its texts and its state; a twin that lacks half of it does not count."""
    cut = _row(input="Can I ret…", input_messages=CUT, content_state="truncated")
    full = _row(input="Can I return it?")
    found = merged(cut, [{**full, "output_messages": None}, full])
    assert (found["input_text"], found["content_state"]) == ("Can I return it?", "full")
    assert json.loads(found["input_messages"])[0]["parts"][0]["content"] == "Can I return it?"
    assert merged(full, [cut]) == merged(cut, [{**full, "output_messages": None}]) == {}
