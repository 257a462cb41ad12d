"""`tool_order`: these tools were called in this order; others may stand between them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from otel_i2e.models import Contract, Score, ToolCall
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.scorer import Scorer

__all__ = ["tool_order"]


class Order(Contract):
    """The tools."""

    names: list[str] = Field(min_length=2)
    """Their names, the first one first."""


def tool_order(argument: Any) -> Scorer:
    """`["lookup_order", "refund"]`."""
    wanted = read_argument("tool_order", Order, {"names": argument}, short="names")

    def check(tool_calls: list[ToolCall]) -> Score:
        """These tools were called in this order."""
        called = iter(call.name for call in tool_calls)
        missing = next((name for name in wanted.names if name not in called), None)  # `in` moves the iterator on
        order = " → ".join(call.name for call in tool_calls) or "none"
        reason = f"called: {order}" if missing is None else f"{missing} did not come in its place; called: {order}"
        return Score(value=1.0 if missing is None else 0.0, explanation=reason)

    return check_scorer("tool_order", check, wanted, title=" → ".join(wanted.names), of_some_calls=(1.0,))
