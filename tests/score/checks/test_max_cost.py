"""`max_cost`: no more money than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.max_cost import max_cost
from otel_i2e.testing import agent_span, llm_span, trace_of

Try = Callable[..., Attempt]


@pytest.mark.parametrize(("argument", "passes"), [(0.02, True), (0.01, False), ({"usd": 1}, True)])
def test_up_to_the_amount_passes(attempt: Try, argument: Any, passes: bool) -> None:
    """US dollars, over the model calls of the trace."""
    spans = trace_of(agent_span(), llm_span(cost_usd=0.015), llm_span(cost_usd=0.005))
    assert attempt(max_cost(argument), trace=spans).passed is passes


def test_an_unknown_price_cannot_pass(attempt: Try) -> None:
    """One call without a price makes the sum unknown."""
    spans = trace_of(agent_span(), llm_span(cost_usd=0.01), llm_span())
    assert attempt(max_cost(1), trace=spans).outcome is Outcome.NO_CONTENT


@pytest.mark.parametrize("argument", [-1, "cheap", float("nan"), {"eur": 1}])
def test_a_wrong_amount_is_one_line(argument: Any) -> None:
    """It names the field."""
    with pytest.raises(ScorerError, match=r"^max_cost: .*its fields are usd$"):
        max_cost(argument)
