"""`similarity`: the output is much like the expected one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Case, Outcome
from otel_i2e.score.checks.similarity import similarity

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "output", "passes"),
    [
        ("Within 30 days.", "within  30 DAYS.", True),
        ("Within 30 days.", "No refunds at all.", False),
        ({"text": "Within 30 days.", "at_least": 0.5}, "Within 31 days.", True),
        ("Within 30 days.", "", False),
    ],
)
def test_likeness_is_measured(attempt: Try, argument: Any, output: str, passes: bool) -> None:
    """White space and case do not count; the score is the share of common groups."""
    made = attempt(similarity(argument), output)
    assert made.passed is passes
    assert made.score is not None
    assert 0 <= (made.score.value or 0) <= 1


def test_without_a_text_the_case_says_it(attempt: Try) -> None:
    """Outside an evaluation nothing is said; an expectation that is no text is an error."""
    like = similarity({"at_least": 0.9})
    assert attempt(like, "Yes.", case=Case(id="a", input="x", expected="yes.")).passed is True
    assert attempt(like).outcome is Outcome.NOT_APPLICABLE
    other = attempt(like, case=Case(id="a", input="x", expected={"a": 1}))
    assert (other.outcome, other.error) == (
        Outcome.ERROR,
        "it compares texts, and what is expected is {'a': 1}; use equals",
    )


def test_a_share_above_one_is_refused() -> None:
    """One line with the fields."""
    with pytest.raises(ScorerError, match=r"^similarity: at_least: .*its fields are text, at_least$"):
        similarity({"text": "x", "at_least": 2})
