"""`record_documents`: what retrieval gave to the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from opentelemetry import trace

from otel_i2e.capture.span import ObservedSpan, span
from otel_i2e.semconv import I2E_KIND, OPERATION_NAME, RETRIEVAL_DOCUMENTS, RETRIEVAL_QUERY
from otel_i2e.values import to_json

__all__ = ["record_documents"]

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "id_", "node_id", "document_id"),
    "content": ("content", "page_content", "text", "document"),
    "score": ("score",),
    "metadata": ("metadata",),
    "uri": ("uri", "url", "source"),
}
"""Our field → the names that dictionaries and document classes use for it, best first."""


def record_documents(documents: Iterable[Any], *, query: str | None = None) -> None:
    """Record retrieved documents, in their order, with the `query` that found them.

    A document is text, a mapping, an object with such attributes (LangChain's and LlamaIndex's documents),
    or a pair of one and its score. They go on the current span when that is a retrieval, and else on a
    retrieval span of their own. Never raises.
    """
    try:
        shapes = [_shape(document) for document in documents]
    except Exception:  # noqa: BLE001 -- foreign objects, whose attributes may raise anything
        return
    current = trace.get_current_span()
    if _is_retrieval(current):
        _put(ObservedSpan(current, "retrieval"), shapes, query)
        return
    with span("retrieval", kind="retrieval", input=query) as own:
        _put(own, shapes, query)


def _put(retrieval: ObservedSpan, shapes: list[dict[str, Any]], query: str | None) -> None:
    if retrieval.inner.is_recording():
        retrieval.inner.set_attribute(RETRIEVAL_DOCUMENTS, to_json(shapes))
        if query is not None:
            retrieval.inner.set_attribute(RETRIEVAL_QUERY, query)


def _is_retrieval(current: trace.Span) -> bool:
    attributes: Mapping[str, Any] = getattr(current, "attributes", None) or {}
    return (
        attributes.get(I2E_KIND) == "retrieval"
        or attributes.get(OPERATION_NAME) == "retrieval"
        or attributes.get("openinference.span.kind") == "RETRIEVER"
    )


def _shape(document: Any) -> dict[str, Any]:
    """`{id, content, score, metadata, uri}`, without what is not known."""
    if isinstance(document, str):
        return {"content": document}
    if _is_scored(document):
        return {**_shape(document[0]), "score": document[1]}
    if getattr(document, "node", None) is not None:  # LlamaIndex's NodeWithScore
        return {**_shape(document.node), "score": getattr(document, "score", None)}
    shape = {field: value for field, names in _NAMES.items() if (value := _first(document, names)) is not None}
    if isinstance(document, Mapping):
        known = {name for names in _NAMES.values() for name in names}
        rest = {str(key): value for key, value in cast("Mapping[Any, Any]", document).items() if key not in known}
        if rest:
            shape["metadata"] = {**rest, **(shape.get("metadata") or {})}
    return shape or {"content": to_json(document)}


def _is_scored(document: Any) -> bool:
    """A pair of a document and its score, as vector stores return them."""
    return isinstance(document, tuple) and [isinstance(item, int | float) for item in document] == [False, True]  # pyright: ignore[reportUnknownVariableType] -- any tuple


def _first(document: Any, names: tuple[str, ...]) -> Any:
    given: Mapping[str, Any] | None = cast("Any", document) if isinstance(document, Mapping) else None
    for name in names:
        value = given.get(name) if given is not None else getattr(cast("object", document), name, None)
        if value is not None and not callable(value):
            return value
    return None
