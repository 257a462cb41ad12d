"""`tool_not_called`: none of these tools was asked for or run."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from otel_i2e.models import Contract, Score, Span, ToolCall
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.content import nothing_done
from otel_i2e.score.scorer import Scorer

__all__ = ["tool_not_called"]


class Forbidden(Contract):
    """The tools."""

    names: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    """Their names."""


def tool_not_called(argument: Any) -> Scorer:
    """`"delete_account"` or a list of names."""
    names = [argument] if isinstance(argument, str) else argument
    wanted = read_argument("tool_not_called", Forbidden, {"names": names}, short="names")

    def check(tool_calls: list[ToolCall], trace: list[Span]) -> Score:
        """None of these tools was called."""
        called = sorted({call.name for call in tool_calls} & set(wanted.names))
        if not called and (why := nothing_done(trace)) is not None:
            raise NotRecorded(why)
        return Score(value=0.0 if called else 1.0, explanation=f"called: {', '.join(called) or 'none of them'}")

    return check_scorer("tool_not_called", check, wanted, title=", ".join(wanted.names), negative=True)
