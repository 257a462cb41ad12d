"""`length`: the output is as long as asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.length import length

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "passes"),
    [(3, True), (2, False), ({"min_words": 4}, False), ({"max_characters": 13}, True), ({"min_characters": 14}, False)],
)
def test_each_limit_is_kept(attempt: Try, argument: Any, passes: bool) -> None:
    """Three words, thirteen characters."""
    made = attempt(length(argument), "one two three")
    assert (made.outcome, made.passed) == (Outcome.SCORED, passes)


def test_words_of_a_script_without_spaces_count(attempt: Try) -> None:
    """A Chinese text is not one word."""
    text = "您好，很抱歉给您带来不便。" * 10
    assert attempt(length(20), text).passed is False
    assert attempt(length({"min_words": 40}), text).passed is True


@pytest.mark.parametrize("argument", [{}, -1, "many", {"max_lines": 3}])
def test_a_wrong_limit_is_one_line(argument: Any) -> None:
    """It names the fields."""
    with pytest.raises(ScorerError, match=r"^length: .*its fields are max_words, "):
        length(argument)
