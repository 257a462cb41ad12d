"""`not_contains`: none of the texts is in the output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.contains import contains
from otel_i2e.score.checks.not_contains import not_contains

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "output", "passes"),
    [
        ("120-day", "Our 120-DAY policy.", False),
        ("120-day", "Our 30-day policy.", True),
        (["120", "90"], "Within 90 days.", False),
        ({"text": "Our", "exact": True}, "our policy", True),
        ("120-day", "Our 12\u200b0-day policy.", False),
        ("can't refund", "We can’t refund.", False),
        ("guarantee", "We gua\u00adran\u2060tee\ufe0f it.", False),
        ("guarantee", "\U0001d5f4\U0001d602aranteeＤ", False),
        ("gua\u00adrantee", "We guarantee it.", False),
        ({"text": "a\u200bb", "exact": True}, "ab", True),
    ],
)
def test_none_may_be_there(attempt: Try, argument: Any, output: str, passes: bool) -> None:
    """One that is found fails it and is named."""
    tried = attempt(not_contains(argument), output)
    assert tried.passed is passes
    assert tried.score is not None
    assert (tried.score.explanation or "").startswith("does not contain" if passes else "contains")


def test_an_output_that_was_not_recorded_does_not_pass(attempt: Try) -> None:
    """Nothing is in nothing, but nothing was seen either."""
    assert attempt(not_contains("120"), None).outcome is Outcome.NO_CONTENT


def test_a_blank_text_is_refused() -> None:
    """It would fail every output."""
    with pytest.raises(ScorerError, match=r"^not_contains: text\.0: a blank text"):
        not_contains("")
    with pytest.raises(ScorerError, match=r"^not_contains: text: nothing of a text shows.*\"exact\": true, got"):
        not_contains("\u200b")
    assert not_contains({"text": "\u200b", "exact": True}).threshold == 1


def test_it_is_another_check_than_contains() -> None:
    """Same argument, other version."""
    assert not_contains("a").version != contains("a").version
