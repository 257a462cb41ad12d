"""`max_errors`: no more spans of the trace failed than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.max_errors import max_errors
from otel_i2e.testing import agent_span, llm_span, tool_span, trace_of

Try = Callable[..., Attempt]


SPANS = trace_of(agent_span(), llm_span(status="error"), llm_span(), tool_span("look", {}, None, status="error"))


@pytest.mark.parametrize(
    ("argument", "passes"),
    [(1, False), (2, True), ({"count": 0, "kind": "llm"}, False), ({"count": 1, "kind": "tool"}, True)],
)
def test_failed_spans_are_counted(attempt: Try, argument: Any, passes: bool) -> None:
    """A retried model call and a failed tool; of one kind, if asked for."""
    made = attempt(max_errors(argument), trace=SPANS)
    assert (made.outcome, made.passed) == (Outcome.SCORED, passes)


def test_a_wrong_limit_is_one_line() -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^max_errors: .*its fields are count, kind$"):
        max_errors(-1)
