"""`tool_called`: a tool was asked for or run, with these arguments among its arguments."""

from __future__ import annotations

from typing import Any, cast

from pydantic import Field

from otel_i2e.models import Contract, Json, Score, Span, ToolCall
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, read_argument, shown
from otel_i2e.score.content import nothing_done
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.values import same_value

__all__ = ["tool_called"]


class Call(Contract):
    """The call that is looked for."""

    name: str = Field(min_length=1)
    """The tool's name."""
    arguments: Json = Field(default_factory=dict[str, Any])
    """Arguments that the call must have; it may have others. Objects inside are compared the same way."""


def tool_called(argument: Any) -> Scorer:
    """`"lookup_order"` or `{"name": "lookup_order", "arguments": {"order_id": "A-17"}}`."""
    wanted = read_argument("tool_called", Call, argument, short="name")

    def check(tool_calls: list[ToolCall], trace: list[Span]) -> Score:
        """This tool was called with these arguments."""
        named = [call for call in tool_calls if call.name == wanted.name]
        if any(_within(wanted.arguments, call.arguments) for call in named):
            return Score(value=1.0, explanation=f"{wanted.name} was called")
        if named:
            seen = "; ".join(shown(call.arguments, 120) for call in named)
            return Score(value=0.0, explanation=f"{wanted.name} was called with other arguments: {seen}")
        if (why := nothing_done(trace)) is not None:
            raise NotRecorded(why)
        others = ", ".join(sorted({call.name for call in tool_calls})) or "none"
        return Score(value=0.0, explanation=f"{wanted.name} was not called; called were: {others}")

    title = repr(wanted.name) + (f" with {shown(wanted.arguments)}" if wanted.arguments else "")
    return check_scorer("tool_called", check, wanted, title=title, of_some_calls=(1.0,))


def _within(wanted: Any, found: Any) -> bool:
    """Whether `found` has at least what `wanted` has."""
    if not isinstance(wanted, dict):
        return same_value(wanted, found)
    if not isinstance(found, dict):
        return not wanted
    inside = cast("Json", found)
    return all(key in inside and _within(value, inside[key]) for key, value in cast("Json", wanted).items())
