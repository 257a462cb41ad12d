"""`max_tokens`: no more tokens than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.max_tokens import max_tokens
from otel_i2e.testing import agent_span, llm_span, trace_of

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "passes"),
    [(120, True), (119, False), ({"input": 100}, True), ({"output": 19}, False), ({"input": 99, "output": 50}, False)],
)
def test_each_limit_is_kept(attempt: Try, argument: Any, passes: bool) -> None:
    """100 in, 20 out."""
    assert attempt(max_tokens(argument)).passed is passes


def test_an_application_is_the_sum_of_its_calls(attempt: Try) -> None:
    """Counted over the trace when the span is no model call itself."""
    spans = trace_of(agent_span(), llm_span(), llm_span())
    assert attempt(max_tokens(240), trace=spans).passed is True
    assert attempt(max_tokens(239), trace=spans).passed is False


def test_an_uncounted_call_cannot_pass(attempt: Try) -> None:
    """Too many is too many; not too many cannot be said."""
    spans = trace_of(agent_span(), llm_span(), llm_span(input_tokens=None))
    assert attempt(max_tokens(1000), trace=spans).outcome is Outcome.NO_CONTENT
    assert attempt(max_tokens(100), trace=spans).passed is False
    assert attempt(max_tokens(100), output_tokens=None, input_tokens=None).outcome is Outcome.NO_CONTENT


@pytest.mark.parametrize("argument", [{}, -1, 1.5, "many", {"total": None}, {"sum": 3}])
def test_a_wrong_limit_is_one_line(argument: Any) -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^max_tokens: .*its fields are total, input, output$"):
        max_tokens(argument)
