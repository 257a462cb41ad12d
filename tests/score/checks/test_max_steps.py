"""`max_steps`: the trace took no more steps than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.max_steps import max_steps
from otel_i2e.testing import agent_span, llm_span, tool_span, trace_of

Try = Callable[..., Attempt]


SPANS = trace_of(agent_span(), llm_span(), tool_span("look", {}, "ok"), llm_span())


@pytest.mark.parametrize(("steps", "passes"), [(2, False), (3, True)])
def test_model_calls_and_tool_runs_are_steps(attempt: Try, steps: int, passes: bool) -> None:
    """The agent's own span is none."""
    made = attempt(max_steps(steps), trace=SPANS)
    assert (made.outcome, made.passed) == (Outcome.SCORED, passes)


def test_a_wrong_limit_is_one_line() -> None:
    """It names the fields."""
    wrong: Any = "many"
    with pytest.raises(ScorerError, match=r"^max_steps: .*its fields are steps$"):
        max_steps(wrong)


def test_a_trace_of_an_application_that_records_nothing_shows_nothing(attempt: Try) -> None:
    """Its own span alone: neither a pass nor a fail."""
    made = attempt(max_steps(5), trace=trace_of(agent_span()))
    assert (made.outcome, made.passed) == (Outcome.NO_CONTENT, None)
    assert "neither a model call nor a tool's run" in (made.error or "")
