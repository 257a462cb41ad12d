"""Retrieved documents in every spelling that is known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.models import Document
from otel_i2e.normalize.documents import documents

WHOLE = {"id": "1", "content": "text", "score": 0.5, "metadata": {"page": 3}, "uri": "https://x"}


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
