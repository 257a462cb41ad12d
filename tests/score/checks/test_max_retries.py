"""`max_retries`: no call of the trace was made again, after it had failed, more often than this."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, Span
from otel_i2e.score.checks.max_retries import max_retries
from otel_i2e.testing import agent_span, llm_span, tool_span, trace_of

Try = Callable[..., Attempt]

FAILED = llm_span("Q", None, status="error")


def trace(*spans: Span) -> tuple[Span, ...]:
    """A second apart, each until the next begins."""
    made = trace_of(agent_span(), *spans)
    ended = [one.model_copy(update={"end_time": other.start_time}) for one, other in pairwise(made[1:])]
    return (made[0], *ended, made[-1])


@pytest.mark.parametrize(
    ("argument", "passes"),
    [(1, False), (2, True), ({"count": 0, "kind": "tool"}, True), ({"count": 1, "kind": "llm"}, False)],
)
def test_failed_attempts_that_are_made_again_are_counted(attempt: Try, argument: Any, passes: bool) -> None:
    """Two retries of one model call; one of another does not add to them."""
    other = llm_span("Other", None, status="error")
    spans = trace(FAILED, llm_span("Q", None, status="error"), llm_span("Q", "A"), other, llm_span("Other", "B"))
    made = attempt(max_retries(argument), trace=spans)
    assert (made.outcome, made.passed) == (Outcome.SCORED, passes)
    if argument == 1:
        assert made.score is not None
        assert made.score.explanation == "made again: llm 2 times, llm once"


def test_an_error_alone_another_input_and_a_second_success_are_no_retries(attempt: Try) -> None:
    """`max_errors` counts the first, `no_loops` the last."""
    other = tool_span("look", {"a": 2}, "ok")
    spans = trace(FAILED, tool_span("look", {"a": 1}, None, status="error"), other, other, other)
    assert attempt(max_retries(0), trace=spans).passed is True
    assert attempt(max_retries(0), trace=trace(*spans[1:], tool_span("look", {"a": 1}, "ok"))).passed is False


def test_calls_at_the_same_time_and_repeated_records_are_no_retries(attempt: Try) -> None:
    """A call that began before the other had failed; a span that two instrumentations recorded."""
    at_once = llm_span("Q", "A", start_time=FAILED.start_time)
    twice = llm_span("Q", None, status="error", duplicate_of=FAILED.span_id)
    assert attempt(max_retries(0), trace=(agent_span(), FAILED, at_once)).passed is True
    assert attempt(max_retries(0), trace=trace(FAILED, twice)).passed is True


def test_without_the_input_it_cannot_be_known(attempt: Try) -> None:
    """Neither pass nor fail."""
    spans = trace(llm_span(None, None, status="error"), llm_span(None, None))
    assert attempt(max_retries(0), trace=spans).outcome is Outcome.NO_CONTENT


def test_a_wrong_limit_is_one_line() -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^max_retries: .*its fields are count, kind$"):
        max_retries(-1)
