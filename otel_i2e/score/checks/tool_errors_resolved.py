"""`tool_errors_resolved`: every tool that failed in the conversation was called again later and worked."""

from __future__ import annotations

from typing import Any

from otel_i2e.models import Contract, Score, Turn
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.scorer import Scorer

__all__ = ["tool_errors_resolved"]


class Wanted(Contract):
    """Which tools."""

    tools: list[str] | None = None
    """Only these; None is every tool."""


def tool_errors_resolved(argument: Any = None) -> Scorer:
    """`true`, or the names of the tools that count, `["refund"]`. A call of the same tool that worked resolves it."""
    wanted = read_argument("tool_errors_resolved", Wanted, plain(argument), short="tools")

    def check(conversation: list[Turn]) -> Score | None:
        """Every tool that failed in the conversation was called again later and worked."""
        calls = [
            (number, call)
            for number, turn in enumerate(conversation, 1)
            for call in turn.tool_calls
            if wanted.tools is None or call.name in wanted.tools
        ]
        if not calls:
            return None
        open_errors: dict[str, int] = {}
        for number, call in calls:
            if call.is_error:
                open_errors[call.name] = number
            elif call.executed_by is not None or call.result is not None:
                open_errors.pop(call.name, None)
        left = ", ".join(f"{name} in turn {number}" for name, number in open_errors.items())
        failed = sum(call.is_error for _, call in calls)
        said = (
            f"failed and never worked after it: {left}"
            if left
            else f"{failed} of {len(calls)} calls failed, none for good"
        )
        return Score(value=0.0 if left else 1.0, explanation=said)

    return check_scorer("tool_errors_resolved", check, wanted, title=", ".join(wanted.tools or ()))
