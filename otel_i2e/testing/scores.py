"""A builder of stored scores."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from otel_i2e.models import ScoreRow, Span

__all__ = ["score_row"]


def score_row(span: Span, name: str, value: float | None, **fields: Any) -> ScoreRow:
    """A score of `span`, as an online rule gives it; any field of `ScoreRow` may be said by name.

    `name="feedback"` is a user's: of the whole trace, `source="user"`.
    """
    by_user = name == "feedback"
    given: dict[str, Any] = {
        "score_id": uuid4().hex,
        "trace_id": span.trace_id,
        "span_id": None if by_user else span.span_id,
        "name": name,
        "value": value,
        "source": "user" if by_user else "online",
        "created_at": datetime.now(UTC),
    }
    return ScoreRow.model_validate({**given, **fields})
