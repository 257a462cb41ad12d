"""`regex`: a pattern matches somewhere, in linear time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt
from otel_i2e.score.checks.regex import regex

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "output", "passes"),
    [
        (r"\d+ days", "within 30 days", True),
        (r"^\d+ days", "within 30 days", False),
        ("DAYS", "days", False),
        ({"pattern": "DAYS", "ignore_case": True}, "days", True),
        (r"\p{Greek}", "α", True),
        (r"\bguarantee\b", "we guar\u200bantee", True),
        (r"x{200b}", "we guar\u200bantee", False),
        (r"\x{200b}", "we guar\u200bantee", True),
        (r"^\d+ days$", "30\u00a0\u2060days", False),
        (r"^\d+ days$", "30 days\ufeff", True),
    ],
)
def test_pattern_is_searched_for(attempt: Try, argument: Any, output: str, passes: bool) -> None:
    """Anywhere, unless it is anchored; case matters, unless it is told not to."""
    assert attempt(regex(argument), output).passed is passes


def test_the_explanation_shows_what_matched(attempt: Try) -> None:
    """Characters, though the engine counts bytes."""
    made = attempt(regex(r"n.\w+ \d+"), "Übermäßig: né à 30 jours")
    assert made.passed is False
    made = attempt(regex(r"\p{L}+ à \d+"), "Übermäßig: né à 30 jours")
    assert made.score is not None
    assert made.score.explanation == "matched 'né à 30'"


@pytest.mark.parametrize("pattern", ["(a", r"(a)\1", "(?=a)", "a{2000}"])
def test_what_re2_does_not_take_is_one_line(pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Also back-references and look-around; RE2 itself prints nothing."""
    with pytest.raises(ScorerError, match=r"is not a pattern that RE2 takes: .*no back-references"):
        regex(pattern)
    assert capfd.readouterr().err == ""


def test_time_is_linear_in_the_output(attempt: Try) -> None:
    """A pattern that runs for centuries in a backtracking engine ends at once."""
    began = time.process_time()
    assert attempt(regex("^(a+)+$"), "a" * 100_000 + "!").passed is False
    assert time.process_time() - began < 5


@pytest.mark.parametrize("argument", [3, {"regex": "a"}, ["a"]])
def test_a_wrong_argument_names_the_fields(argument: Any) -> None:
    """One line."""
    with pytest.raises(ScorerError, match=r"^regex: .*its fields are pattern, ignore_case$"):
        regex(argument)
