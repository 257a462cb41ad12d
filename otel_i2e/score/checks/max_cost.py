"""`max_cost`: the model calls cost no more than this."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from otel_i2e.models import Contract, Score, Usage
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.scorer import Scorer

__all__ = ["max_cost"]


class Budget(Contract):
    """An amount of money."""

    usd: float = Field(ge=0, allow_inf_nan=False)
    """US dollars, at most."""


def max_cost(argument: Any) -> Scorer:
    """US dollars: `0.02`."""
    budget = read_argument("max_cost", Budget, argument, short="usd")

    def check(usage: Usage) -> Score:
        """The model calls cost no more than this."""
        if usage.cost_usd is None:
            raise NotRecorded("the cost is not known: a model call has no list price or no token counts")
        return Score(
            value=1.0 if usage.cost_usd <= budget.usd else 0.0,
            explanation=f"cost ${usage.cost_usd:.6g} of ${budget.usd:.6g}",
        )

    return check_scorer("max_cost", check, budget, title=f"${budget.usd:g}", negative=True)
