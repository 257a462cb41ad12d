"""`tools_ran`: every tool that the model asked for was run, or answered."""

from __future__ import annotations

from typing import Any

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Score, ToolCall
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.scorer import Scorer

__all__ = ["tools_ran"]


class Asked(Contract):
    """What counts."""

    errors: bool = False
    """Whether a call that failed counts as run."""


def tools_ran(argument: Any = None) -> Scorer:
    """`true`, or `{"errors": true}` to let failed calls count as run."""
    if argument is False:
        raise ScorerError("tools_ran: false asks for nothing; leave it out")
    wanted = read_argument("tools_ran", Asked, plain(argument), short="errors")

    def check(tool_calls: list[ToolCall]) -> Score | None:
        """Every tool call that the model asked for was run."""
        asked = [call for call in tool_calls if call.requested_by]
        if not asked:
            return None
        left = [call.name for call in asked if call.executed_by is None and call.result is None]
        failed = [call.name for call in asked if call.is_error and not wanted.errors]
        said = [f"never run: {', '.join(left)}"] * bool(left) + [f"failed: {', '.join(failed)}"] * bool(failed)
        return Score(value=0.0 if said else 1.0, explanation="; ".join(said) or f"{len(asked)} calls, all run")

    return check_scorer("tools_ran", check, wanted, title="with errors" if wanted.errors else "", of_some_calls=())
