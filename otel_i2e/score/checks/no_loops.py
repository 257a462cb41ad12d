"""`no_loops`: no tool was called again and again with the same arguments."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pydantic import Field

from otel_i2e.models import Contract, Score, Span, ToolCall
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.content import nothing_done
from otel_i2e.score.identity import hash_of
from otel_i2e.score.scorer import Scorer

__all__ = ["no_loops"]


class Limit(Contract):
    """How often."""

    times: int = Field(default=2, ge=1)
    """Calls of one tool with the same arguments, at most."""


def no_loops(argument: Any = None) -> Scorer:
    """`true`, or how often one tool may be called with the same arguments; by default twice."""
    limit = read_argument("no_loops", Limit, plain(argument), short="times")

    def check(tool_calls: list[ToolCall], trace: list[Span]) -> Score:
        """No tool was called again and again with the same arguments."""
        count = Counter((call.name, hash_of(call.arguments)) for call in tool_calls)
        again = {name: times for (name, _), times in count.items() if times > limit.times}
        if not again and (why := nothing_done(trace)) is not None:
            raise NotRecorded(why)
        said = ", ".join(f"{name} {times} times" for name, times in again.items())
        return Score(value=0.0 if again else 1.0, explanation=said or f"{len(tool_calls)} calls")

    return check_scorer(
        "no_loops",
        check,
        limit,
        title="" if limit == Limit() else str(limit.times),
        negative=True,
        of_some_calls=(1.0,),
    )
