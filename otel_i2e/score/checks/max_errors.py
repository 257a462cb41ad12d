"""`max_errors`: no more spans of the trace failed than this: retried model calls and failed tools among them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from otel_i2e.models import Contract, Score, Span
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.scorer import Scorer

__all__ = ["max_errors"]


class Limit(Contract):
    """How many."""

    count: int = Field(ge=0)
    """Spans that failed, at most."""
    kind: str | None = None
    """Only spans of this kind: `llm` for retried model calls, `tool` for failed tools."""


def max_errors(argument: Any) -> Scorer:
    """`0`, or `{"count": 2, "kind": "llm"}`: two retries of model calls at most."""
    limit = read_argument("max_errors", Limit, argument, short="count")

    def check(trace: list[Span]) -> Score:
        """No more spans of the trace failed than this."""
        failed = [span.name for span in trace if _counts(span, limit.kind)]
        return Score(value=float(len(failed) <= limit.count), explanation=f"failed: {', '.join(failed) or 'none'}")

    return check_scorer("max_errors", check, limit, title=f"{limit.count} {limit.kind or ''}".strip(), negative=True)


def _counts(span: Span, kind: str | None) -> bool:
    return span.status == "error" and span.duplicate_of is None and kind in (None, span.kind)
