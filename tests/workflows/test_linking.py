"""New calls and stored calls that are one. Against real emitters: tests/emitters/test_llm_calls.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from otel_i2e.models import SpanRow
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, temporary_store
from otel_i2e.workflows.linking import link_calls

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT: dict[str, Any] = {"start_time": NOW, "end_time": NOW}
APP: dict[str, Any] = {
    "trace_id": "a" * 32,
    "span_id": "a" * 16,
    "scope_name": "opentelemetry.instrumentation.anthropic",
}
SDK: dict[str, Any] = {"trace_id": "b" * 32, "span_id": "b" * 16, "scope_name": "com.anthropic.sdk.python"}

_UNNAMED: dict[str, Any] = {**APP, "response_id": None}


def _row(*, error: bool = False, **columns: Any) -> SpanRow:
    given: dict[str, Any] = {"response_id": "r", **AT, **columns}
    if error:
        given |= {"input_tokens": None, "output_tokens": None, "response_id": None, "status": "error"}
    return row_of(llm_span(**given))


def _store(store: Store, *rows: SpanRow) -> None:
    with store.write() as writer:
        link_calls(writer, rows)
        writer.add_spans(rows)


def _links(store: Store) -> dict[str, tuple[str, str | None]]:
    with store.read() as reader:
        rows = reader.rows("SELECT * FROM spans WHERE duplicate_of IS NOT NULL")
    return {row["span_id"]: (row["duplicate_of"], row["duplicate_trace_id"]) for row in rows}


def test_either_may_come_first() -> None:
    """An SDK's span points to the application's trace, be it stored before or after."""
    for first, second in ((APP, SDK), (SDK, APP)):
        for error in (False, True):
            with temporary_store() as store:
                _store(store, _row(error=error, **first))
                assert _links(store) == {}
                _store(store, _row(error=error, **second))
                assert _links(store) == {"b" * 16: ("a" * 16, "a" * 32)}


def test_the_same_again_changes_nothing() -> None:
    """A batch that is delivered twice, alone or with its twin."""
    with temporary_store() as store:
        _store(store, _row(**APP), _row(**SDK))
        for again in ([_row(**APP)], [_row(**SDK)], [_row(**SDK), _row(**APP)]):
            _store(store, *again)
            assert _links(store) == {"b" * 16: ("a" * 16, "a" * 32)}


def test_a_link_to_what_is_not_looked_at_stays() -> None:
    """A stored call whose twin began long before keeps it, and a third one is led there."""
    twin: dict[str, Any] = {**SDK, **AT, "response_id": "r", "duplicate_of": "d" * 16, "duplicate_trace_id": "d" * 32}
    with temporary_store([llm_span(**twin)]) as store:
        third: dict[str, Any] = {**SDK, "span_id": "c" * 16}
        _store(store, _row(**third))
        assert _links(store) == {"b" * 16: ("d" * 16, "d" * 32), "c" * 16: ("d" * 16, "d" * 32)}


def test_a_wrong_guess_is_taken_back() -> None:
    """A call looked like the one around it in another trace, until that one's own came: both are calls then."""
    outer: dict[str, Any] = {**APP, "response_id": None, "end_time": NOW + timedelta(seconds=1)}
    own: dict[str, Any] = {**SDK, "trace_id": "a" * 32, "span_id": "c" * 16, "parent_span_id": "a" * 16}
    own["response_id"] = "q"
    with temporary_store() as store:
        _store(store, _row(**outer), _row(**SDK))
        assert _links(store) == {"b" * 16: ("a" * 16, "a" * 32)}
        _store(store, _row(**own))
        assert _links(store) == {"a" * 16: ("c" * 16, None)}


def test_a_call_with_a_parent_is_not_guessed_to_be_in_another_trace() -> None:
    """What had a parent to be found under was found under it."""
    with temporary_store() as store:
        _store(store, _row(**_UNNAMED), _row(**SDK, parent_span_id="c" * 16))
        assert _links(store) == {}


def test_a_failure_in_a_chain_finds_that_below_it_whichever_came_first() -> None:
    """In two traces, one of which has a parent."""
    chain, below = _row(**APP, parent_span_id="c" * 16, error=True), _row(**SDK, error=True)
    for told in ((chain, below), (below, chain)):
        with temporary_store() as store:
            for row in told:
                _store(store, dict(row))
            assert _links(store) == {"b" * 16: ("a" * 16, "a" * 32)}


def test_a_span_between_two_stored_calls_shows_that_they_are_one() -> None:
    """It ended between them, and came last."""
    inner: dict[str, Any] = {**SDK, "trace_id": "a" * 32, "parent_span_id": "c" * 16, "response_id": None}
    post = llm_span(trace_id="a" * 32, span_id="c" * 16, parent_span_id="a" * 16, **AT)
    with temporary_store() as store:
        _store(store, _row(**APP))
        _store(store, _row(**inner))
        assert _links(store) == {}
        _store(store, {**row_of(post), "kind": "other"})
        assert _links(store) == {"b" * 16: ("a" * 16, None)}


def test_a_wrapper_is_judged_with_all_calls_inside_however_long_it_took() -> None:
    """The first of them ended minutes before the last began."""

    def at(first: int, last: int) -> dict[str, datetime]:
        return {"start_time": NOW + timedelta(minutes=first), "end_time": NOW + timedelta(minutes=last)}

    summed: dict[str, Any] = {**_UNNAMED, **at(0, 10), "input_tokens": 200, "output_tokens": 40}
    within: dict[str, Any] = {"trace_id": "a" * 32, "parent_span_id": "a" * 16}
    told: list[dict[str, Any]] = [
        {**within, "span_id": one * 16, "response_id": one, **at(*times)}
        for one, times in (("c", (0, 1)), ("d", (8, 9)))
    ]
    around, inside = _row(**summed), [_row(**one) for one in told]
    with temporary_store() as store:
        for row in (inside[0], around, inside[1]):
            _store(store, row)
        assert _links(store) == {"a" * 16: ("d" * 16, None)}


def test_spans_that_are_no_calls_ask_nothing() -> None:
    """They have no link, and the store is not asked."""
    row = {**_row(**APP), "kind": "tool", "duplicate_of": "x"}
    with temporary_store() as store:
        _store(store, row)
    assert row["duplicate_of"] is None
