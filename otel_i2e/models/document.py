"""A retrieved document."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from otel_i2e.models._contract import Contract, Json

__all__ = ["Document"]


class Document(Contract):
    """One document that retrieval gave to the model."""

    id: str | None = None
    """The document's own id, as citations name it."""
    content: str | None = None
    """Its text."""
    score: float | None = None
    """The retriever's relevance score, in its own unit."""
    metadata: Json = Field(default_factory=dict[str, Any])
    """Whatever else the retriever gave."""
    uri: str | None = None
    """Where it lies."""

    def label(self, position: int) -> str:
        """What a person can call it: its id, where it lies, or `#1` for the first that has neither."""
        return self.id or self.uri or f"#{position}"
