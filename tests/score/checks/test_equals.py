"""`equals`: the output is the expected one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Case, Outcome
from otel_i2e.score.checks.equals import equals

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "output", "passes"),
    [
        ("No, 30 days.", " no,  30 DAYS. ", True),
        ("No, 30 days.", "No, 30 days", False),
        ({"value": "No", "exact": True}, "no", False),
        ({"refund": False}, '{"refund": false}', True),
        ({"value": {"refund": False, "n": [1, 2]}}, '{"n": [1, 2.0], "refund": false}', True),
        ({"refund": False}, '{"refund": 0}', False),
        ({"a": [True]}, '{"a": [1]}', False),
        ({"refund": False}, "no", False),
        (3, "3.0", True),
        (1, "true", False),
        (True, "true", True),
        (["a"], '["a"]', True),
    ],
)
def test_text_is_folded_and_json_is_parsed(attempt: Try, argument: Any, output: str, passes: bool) -> None:
    """Text apart from forms, whitespace and case; a JSON value against the parsed output, true not being 1."""
    assert attempt(equals(argument), output).passed is passes


def test_without_argument_it_compares_with_the_case(attempt: Try) -> None:
    """Outside an evaluation there is nothing to compare with: not applicable."""
    plain = equals()
    assert plain.name == "equals"
    assert attempt(plain, "yes", case=Case(id="c", input="q", expected="Yes")).passed is True
    assert attempt(plain, "no", case=Case(id="c", input="q", expected="Yes")).passed is False
    assert attempt(plain, "no").outcome is Outcome.NOT_APPLICABLE


def test_what_was_expected_and_got_is_said(attempt: Try) -> None:
    """In the explanation."""
    score = attempt(equals("yes"), "no").score
    assert score is not None
    assert score.explanation == "expected 'yes', got 'no'"


def test_a_wrong_option_is_one_line() -> None:
    """An object with `value` is read as options."""
    with pytest.raises(ScorerError, match=r"^equals: exactly: .*its fields are value, exact$"):
        equals({"value": 1, "exactly": True})
