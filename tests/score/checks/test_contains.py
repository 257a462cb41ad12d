"""`contains`: every text is in the output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt
from otel_i2e.score.checks.contains import contains

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "output", "passes"),
    [
        ("30 days", "Within 30\u00a0Days.", True),
        ("30 days", "Within 31 days.", False),
        (["30 days", "receipt"], "With a receipt, 30 days.", True),
        (["30 days", "receipt"], "30 days.", False),
        ({"text": "30 Days", "exact": True}, "30 days", False),
        ({"text": ["30 days"], "exact": True}, "30 days", True),
        ("30 days", "", False),
        ("30-day", "30\u2011day returns", True),
        ("10 - 20", "10 – 20", True),
        ("l'eau", "de l’eau", True),
        ('"yes"', "He said “yes”.", True),
        ({"text": "l'eau", "exact": True}, "de l’eau", False),
    ],
)
def test_every_text_must_be_there(attempt: Try, argument: Any, output: str, passes: bool) -> None:
    """Unicode forms, whitespace and case do not matter, unless `exact`."""
    assert attempt(contains(argument), output).passed is passes


def test_what_is_missing_is_named(attempt: Try) -> None:
    """The explanation has the texts that were not found, and only those."""
    score = attempt(contains(["30 days", "receipt"]), "30 days").score
    assert score is not None
    assert score.explanation == "does not contain 'receipt'"


@pytest.mark.parametrize(
    "argument", [None, 3, [], [3], "", " \n", ["a", " "], {"texts": "a"}, {"text": "a", "exact": 2}]
)
def test_a_wrong_argument_is_one_line(argument: Any) -> None:
    """It names the check, what was got and the fields; a blank text, which is in everything, is refused."""
    with pytest.raises(ScorerError, match=r"^contains: .*its fields are text, exact$"):
        contains(argument)


def test_argument_is_part_of_the_version() -> None:
    """One text or a list of it is the same check; another text is another."""
    assert contains("a").version == contains(["a"]).version == contains({"text": "a"}).version
    assert len({contains("a").version, contains("b").version, contains({"text": "a", "exact": True}).version}) == 3
