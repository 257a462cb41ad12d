"""`tool_errors_resolved`: a tool that failed in the conversation was called again later and worked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome, Subject
from otel_i2e.score import run_scorer
from otel_i2e.score.checks.tool_errors_resolved import tool_errors_resolved
from otel_i2e.testing import agent_span, tool_span, trace_of


def attempt(*turns: str, argument: Any = None) -> Attempt:
    """Turns such as `look! refund`: tools in order, those with a mark failed."""
    traces = tuple(trace_of(agent_span(), *map(_tool, turn.split())) for turn in turns)
    subject = Subject(span=traces[-1][0], trace=traces[-1], dialogue=traces)
    return asyncio.run(run_scorer(tool_errors_resolved(argument), subject))


def _tool(word: str) -> Any:
    return tool_span(word.rstrip("!"), {}, None if "!" in word else "ok", status="error" if "!" in word else "ok")


def test_an_error_that_is_left_fails() -> None:
    """Another tool's success does not resolve it; neither does an earlier one."""
    made = attempt("refund", "refund! look", "look")
    assert made.passed is False
    assert made.score is not None
    assert made.score.explanation == "failed and never worked after it: refund in turn 2"


def test_a_later_call_that_works_resolves_it() -> None:
    """In the same turn or in a later one."""
    made = attempt("refund! refund", "look!", "look")
    assert made.passed is True
    assert made.score is not None
    assert made.score.explanation == "2 of 4 calls failed, none for good"


def test_only_the_tools_that_count() -> None:
    """And without any call of them it says nothing."""
    assert attempt("look! refund", argument=["refund"]).passed is True
    assert attempt("look!", argument=["refund"]).outcome is Outcome.NOT_APPLICABLE


def test_a_wrong_argument_is_one_line() -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^tool_errors_resolved: .*its fields are tools$"):
        tool_errors_resolved(3)
