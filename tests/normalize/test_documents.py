"""Retrieved documents in every spelling that is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.models import Document, SpanRow
from otel_i2e.normalize.documents import document, documents, merged

WHOLE = {"id": "1", "content": "text", "score": 0.5, "metadata": {"page": 3}, "uri": "https://x"}

PLAIN: dict[str, Any] = {"id": "1", "content": "text", "score": None, "metadata": {}, "uri": None}


@pytest.mark.parametrize(
    ("sent", "document"),
    [
        (WHOLE, WHOLE),
        ({"id": 1, "text": "text", "score": "0.5", "page": 3, "url": "https://x"}, WHOLE),
        (
            {
                "document_id": "1",
                "page_content": "text",
                "metadata": '{"page": 3}',
                "score": 0.5,
                "source": "https://x",
            },
            WHOLE,
        ),
        ({"id": "1", "score": 0.5}, {"id": "1", "content": None, "score": 0.5, "metadata": {}, "uri": None}),
        (
            {"content": "text", "metadata": {"score": 0.9}},
            {"id": None, "content": "text", "score": 0.9, "metadata": {"score": 0.9}, "uri": None},
        ),
        (
            {"lc": 1, "id": ["langchain", "Document"], "kwargs": {"page_content": "text", "id": "1", "metadata": {}}},
            PLAIN,
        ),
        ("text", {"id": None, "content": "text", "score": None, "metadata": {}, "uri": None}),
        (
            {"content": "text", "score": "high", "metadata": "loose"},
            {"id": None, "content": "text", "score": None, "metadata": {"metadata": "loose"}, "uri": None},
        ),
    ],
)
def test_a_document_takes_one_shape(sent: Any, document: dict[str, Any]) -> None:
    """Id, content, score, metadata and address; what has no place goes into the metadata."""
    assert documents([sent]) == [document]
    assert documents(json.dumps([sent])) == [document]
    assert documents({"documents": [sent]}) == [document]


def test_one_incomplete_document_does_not_take_the_others_with_it() -> None:
    """Documents stand for themselves."""
    found = documents([{}, None, {"content": "kept"}])
    assert found is not None
    assert [one["content"] for one in found] == [None, None, "kept"]


@pytest.mark.parametrize("nothing", [None, "", "no list", [], 7])
def test_nothing_is_none(nothing: Any) -> None:
    """What is no list of documents says nothing."""
    assert documents(nothing) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["id", "content", "score", "metadata", "url", "z"]), x),
    )
)
def test_any_documents_fit_the_contract(value: Any) -> None:
    """Whatever was sent, each is a Document."""
    for one in documents([value]) or ():
        Document.model_validate(one)


def test_two_families_tell_of_the_same_documents() -> None:
    """By id in any order, else by place: what one lacks comes from the other."""
    scored = [document({"id": one, "score": score}) for one, score in (("1", 0.9), ("2", 0.8))]
    texts = [document({"content": text, "page": at}) for at, text in enumerate(("one", "two"))]
    both = merged(scored, texts)
    assert both is not None
    told = [(one["id"], one["score"], one["content"], one["metadata"]) for one in both]
    assert told == [("1", 0.9, "one", {"page": 0}), ("2", 0.8, "two", {"page": 1})]
    named = [{**text, "id": one["id"]} for text, one in zip(texts, scored, strict=True)]
    assert merged(scored, named[::-1]) == both


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ([{"id": "1"}], [{"id": "2", "content": "text"}]),
        ([{"content": "one"}], [{"content": "two"}]),
        ([{"id": "1"}], [{"content": "one"}, {"content": "two"}]),
        ([{"id": "1"}, {"id": "1"}], [{"id": "1", "content": "one"}]),
        ([], [{"content": "one"}]),
    ],
)
def test_other_documents_are_not_merged(first: list[Any], other: list[Any]) -> None:
    """Other ids, other texts, another number."""
    assert merged([document(one) for one in first], [document(one) for one in other]) is None


def test_parts_of_one_document_are_merged_by_their_place() -> None:
    """They have one id."""
    scored = [document({"id": "1", "score": score}) for score in (0.9, 0.8)]
    both = merged(scored, [document({"id": "1", "content": text}) for text in ("one", "two")])
    assert both is not None
    assert [(one["score"], one["content"]) for one in both] == [(0.9, "one"), (0.8, "two")]


@pytest.mark.parametrize("cut", [0, 12])
def test_a_list_that_was_cut_says_so(row_of: Callable[..., SpanRow], cut: int) -> None:
    """Whoever cut it, without a marker: what stood before the cut is there, and the row is `truncated`."""
    sent = json.dumps([{"id": "a", "content": "text of a"}, {"id": "b", "content": "text of b"}])
    attributes = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": sent[: len(sent) - cut]}
    row = row_of(attributes)
    assert [one["id"] for one in json.loads(row["documents"])] == ["a", "b"]
    assert row["content_state"] == ("truncated" if cut else "full")
