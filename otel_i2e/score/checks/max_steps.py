"""`max_steps`: the trace took no more model calls and tool runs than this."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from otel_i2e.models import Contract, Score, Span
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.content import nothing_done
from otel_i2e.score.scorer import Scorer

__all__ = ["max_steps"]


class Limit(Contract):
    """How many."""

    steps: int = Field(ge=0)
    """Model calls and tool runs, at most."""


def max_steps(argument: Any) -> Scorer:
    """`10`."""
    limit = read_argument("max_steps", Limit, argument, short="steps")

    def check(trace: list[Span]) -> Score:
        """The trace took no more steps than this."""
        if (why := nothing_done(trace)) is not None:
            raise NotRecorded(why)
        kinds = [span.kind for span in trace if span.duplicate_of is None]
        calls, tools = kinds.count("llm"), kinds.count("tool")
        return Score(
            value=float(calls + tools <= limit.steps), explanation=f"{calls} model calls and {tools} tool runs"
        )

    return check_scorer("max_steps", check, limit, title=str(limit.steps), negative=True)
