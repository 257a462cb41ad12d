"""What another telling of a call adds is kept in `merged_calls`; with linking: `test_one_row_a_call.py`."""

from __future__ import annotations

import json
from typing import Any

from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, temporary_store
from otel_i2e.workflows.merging import Key, merge_calls

KEPT = llm_span(request_params={"max_tokens": 9}, span_id="1" * 16)
TWIN = llm_span(request_params={"stream": True}, span_id="2" * 16, trace_id=KEPT.trace_id)


def _key(span: Span) -> Key:
    return span.trace_id, span.span_id


def _merge(store: Store, *, touched: bool = True, sent: tuple[Span, ...], stored: tuple[Span, ...] = ()) -> None:
    with store.write() as writer:
        merge_calls(
            writer,
            {_key(TWIN): _key(KEPT)},
            [_key(KEPT)] if touched else [],
            {_key(one): row_of(one) for one in sent},
            {_key(one): row_of(one) for one in stored},
        )


def _params(store: Store) -> list[Any]:
    with store.read() as reader:
        return [json.loads(row["request_params"]) for row in reader.rows("SELECT request_params FROM merged_calls")]


def test_the_kept_row_and_its_twin_are_read_from_wherever_they_are() -> None:
    """Sent together, or one of them stored before."""
    both = {"max_tokens": 9, "stream": True}
    for stored, sent in (((), (KEPT, TWIN)), ((KEPT,), (TWIN,)), ((TWIN,), (KEPT,))):
        with temporary_store(stored) as store:
            _merge(store, sent=sent, stored=stored)
            assert _params(store) == [both]


def test_a_stored_call_that_is_merged_again_is_one_row() -> None:
    """What it said before is replaced."""
    with temporary_store([KEPT, TWIN]) as store:
        for _ in range(2):
            _merge(store, sent=(), stored=(KEPT, TWIN))
        assert len(_params(store)) == 1


def test_a_call_that_was_not_touched_is_left_alone() -> None:
    """Whatever is sent beside it."""
    with temporary_store() as store:
        _merge(store, touched=False, sent=(KEPT, TWIN))
        assert _params(store) == []
