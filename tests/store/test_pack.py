"""Text that a row holds twice is stored once, and comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_i2e.models import SPAN_COLUMNS, Span, SpanRow
from otel_i2e.store import Store
from otel_i2e.store.pack import MARKED, packed, unpacked
from otel_i2e.testing import temporary_store

_LONG = "Electronics can be returned within 30 days, with the receipt, in the box they came in."
_COMPARED = tuple({*MARKED, *(name for names in MARKED.values() for name in names)})


def _row(**columns: Any) -> SpanRow:
    known: SpanRow = {
        "trace_id": uuid4().hex,
        "span_id": uuid4().hex[:16],
        "start_time": 1_790_000_000_000_000,
        "kind": "llm",
        "status": "ok",
    }
    return {**dict.fromkeys(SPAN_COLUMNS), **known, **columns}


def _call(text: str, answer: str = _LONG, **more: Any) -> SpanRow:
    """A model call as the conventions send it: messages as JSON text in attributes."""
    asked = json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}], ensure_ascii=False)
    said = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": answer}]}], ensure_ascii=False)
    attributes = {"gen_ai.input.messages": asked, "gen_ai.output.messages": said, "model": "m", **more}
    return _row(
        input_text=text,
        output_text=answer,
        input_messages=asked,
        output_messages=said,
        attributes=attributes,
    )


def _read_back(store: Store, row: SpanRow) -> Mapping[str, Any]:
    with store.write() as writer:
        assert writer.add_spans([row]) == 1
    with store.read() as reader:
        (found,) = reader.rows("SELECT * FROM spans WHERE span_id = $id", {"id": row["span_id"]})
    return found


def _assert_same(found: Mapping[str, Any], row: SpanRow) -> None:
    same = {name: row[name] for name in _COMPARED if name != "attributes"}
    assert {name: found[name] for name in same} == same
    attributes = row["attributes"]
    read = json.loads(found["attributes"]) if isinstance(attributes, dict) else found["attributes"]
    assert read == attributes


def test_long_text_is_stored_once() -> None:
    """Of three copies of a message, one stays; the row says that it was packed."""
    row = _call(_LONG)
    short = packed(row)
    assert short["packed"] is True
    stored = "".join(str(short[name]) for name in _COMPARED)
    assert stored.count(_LONG) == 2, "the question and the answer are the same text here"
    assert str(row["attributes"]).count(_LONG) == 2, "the caller's row is as it was"


def test_short_text_and_empty_columns_are_left_alone() -> None:
    """A mark would save nothing."""
    row = _row(input_text="Hi", attributes={"input.value": "Hi"})
    assert packed(row) == {**row, "attributes": '{"input.value":"Hi"}', "packed": False}
    assert packed(_row())["packed"] is False


@pytest.mark.parametrize(
    "row",
    [
        _call(_LONG),
        _call(_LONG, 'Ünïcödé – „Anführung“ \\ " / \b\f\n\r\t 🙂 ' * 5),
        _call(_LONG + "\x00\x01\x0b\x1f\x7f\u2028"),
        _call('"@i2e:input_text"' * 10),
        _call('@i2e:output_text and \\"@i2e:input_messages\\" ' * 5),
        _call(_LONG, marks="@i2e:input_text"),
        _call(_LONG, again=_LONG, twice=[_LONG, {"deep": _LONG}]),
        _call(',"x":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24],'),
        _row(input_text=_LONG, attributes=json.dumps({"input.value": _LONG}, indent=2)),
        _row(input_text=_LONG, attributes={"input.value": _LONG, "list": [_LONG], "mark": "@i2e:input_text"}),
        _row(input_text=_LONG, attributes={"input.value": _LONG, "end": 'x "@i2e:input_text'}),
        _call('it says "content":"' + _LONG + '" and more, "content": "' + _LONG),
        _row(tool_result=json.dumps({"text": _LONG}), attributes={"r": json.dumps({"text": _LONG})}),
    ],
    ids=range(13),
)
def test_what_was_sent_comes_back(row: SpanRow) -> None:
    """Messages and texts byte for byte, attributes as values, whatever the text looks like."""
    with temporary_store() as store:
        shown = _read_back(store, row)
        _assert_same(shown, row)
        with store.read() as reader:
            assert reader.spans() == [Span.from_row(shown)]
            assert reader.traces([row["trace_id"]]) == {row["trace_id"]: reader.spans()}


def test_text_that_lies_across_two_strings_breaks_nothing() -> None:
    """A text that equals what stands between two strings must not make invalid JSON."""
    between = ":[" + ",".join(str(number) for number in range(40)) + "],"
    row = _row(input_text=between, attributes='{"a"' + between + '"b":1}')
    assert packed(row)["packed"] is False
    with temporary_store() as store:
        _assert_same(_read_back(store, row), row)


_TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=200) | st.sampled_from(
    [_LONG, '"@i2e:input_text"', "@i2e:input_messages", '\\"', "\\\\" * 40, "\x1b" * 70]
)


def test_any_text_comes_back(full: bool) -> None:
    """Property: packing and the view `spans` are inverse, and so are packing and unpacking."""
    with temporary_store() as store, store.write() as writer:

        @settings(max_examples=300 if full else 40, deadline=None, database=None)
        @given(st.lists(st.tuples(_TEXT, _TEXT, _TEXT), min_size=1, max_size=20))
        def check(texts: list[tuple[str, str, str]]) -> None:
            rows = [_call(ask + more, answer, more=more) for ask, answer, more in texts]
            writer.add_spans(rows)
            ids = json.dumps([row["span_id"] for row in rows])
            sql = "SELECT * FROM {} WHERE span_id IN (SELECT unnest(from_json($ids, '[\"VARCHAR\"]')))"
            found = {row["span_id"]: row for row in writer.rows(sql.format("spans"), {"ids": ids})}
            raw = {row["span_id"]: row for row in writer.rows(sql.format("span_rows"), {"ids": ids})}
            for row in rows:
                _assert_same(found[row["span_id"]], row)
                assert Span.from_row(unpacked(raw[row["span_id"]])) == Span.from_row(found[row["span_id"]])

        check()
