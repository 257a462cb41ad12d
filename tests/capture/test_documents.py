"""`record_documents`: documents of every shape, on the retrieval that found them."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture.documents import record_documents
from otel_i2e.capture.span import span
from otel_i2e.models import Document


@pytest.fixture(autouse=True)
def current(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's provider is the global one."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain", {"content": "plain"}),
        ({"id": "a", "content": "x", "score": 0.5}, {"id": "a", "content": "x", "score": 0.5}),
        ({"page_content": "x", "title": "T"}, {"content": "x", "metadata": {"title": "T"}}),
        (
            SimpleNamespace(page_content="x", metadata={"m": 1}, id=None),
            {"content": "x", "metadata": {"m": 1}},
        ),
        ((SimpleNamespace(page_content="x"), 0.25), {"content": "x", "score": 0.25}),
        (
            SimpleNamespace(node=SimpleNamespace(text="x", node_id="n"), score=0.75),
            {"id": "n", "content": "x", "score": 0.75},
        ),
        (Document(id="d", content="x", uri="u"), {"id": "d", "content": "x", "metadata": {}, "uri": "u"}),
        (7, {"content": "7"}),
    ],
    ids=["text", "mapping", "extra_keys", "langchain", "scored_pair", "llama_index", "ours", "anything"],
)
def test_documents_of_every_shape_have_one(given: Any, expected: Any, recorded: Callable[..., list[Any]]) -> None:
    """`{id, content, score, metadata, uri}`, without what is not known."""
    record_documents([given])
    [one] = recorded()
    assert json.loads(one.attributes["gen_ai.retrieval.documents"]) == [expected]


def test_they_go_on_the_retrieval_around(recorded: Callable[..., list[Any]]) -> None:
    """Ours or another's; the query too when it is given."""
    with span("find", kind="retrieval"):
        record_documents(["x"], query="why")
    with trace.get_tracer("other").start_as_current_span("retrieve") as other:
        other.set_attribute("openinference.span.kind", "RETRIEVER")
        record_documents(["y"])
    ours, theirs = recorded()
    assert json.loads(ours.attributes["gen_ai.retrieval.documents"]) == [{"content": "x"}]
    assert ours.attributes["gen_ai.retrieval.query.text"] == "why"
    assert json.loads(theirs.attributes["gen_ai.retrieval.documents"]) == [{"content": "y"}]


def test_outside_a_retrieval_they_have_a_span_of_their_own(recorded: Callable[..., list[Any]]) -> None:
    """A child of the span around, which stays as it is."""
    with span("answer", kind="agent"):
        record_documents(iter(["x", "y"]), query="why")
    own, around = recorded()
    assert (own.name, own.attributes["i2e.span.kind"], own.parent_span_id) == ("retrieval", "retrieval", around.span_id)
    assert (own.attributes["input.value"], own.attributes["gen_ai.retrieval.query.text"]) == ("why", "why")
    assert len(json.loads(own.attributes["gen_ai.retrieval.documents"])) == 2
    assert "gen_ai.retrieval.documents" not in around.attributes


def test_documents_that_raise_are_left_out_quietly(recorded: Callable[..., list[Any]]) -> None:
    """The application goes on."""

    class Hostile:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("no")

    record_documents([Hostile()])


def test_nothing_happens_when_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider, no span, no error."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    record_documents(["x"], query="why")
