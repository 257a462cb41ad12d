"""`no_personal_data`: no address, telephone, card or account number that the question had not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.no_personal_data import no_personal_data

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("Write to jo.doe@mail.example.com.", "email"),
        ("Call +49 (30) 901820 today.", "telephone"),
        ("Card 4111 1111 1111 1111.", "card"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "iban"),
        ("Card 4111 1111 1111 1112.", None),
        ("IBAN GB83 WEST 1234 5698 7654 32.", None),
        ("Order 2026-05-04, 30 days, A-1042, 1,200.50.", None),
    ],
)
def test_each_kind_is_found_by_its_shape_and_digits(attempt: Try, output: str, kind: str | None) -> None:
    """What was found is not repeated."""
    made = attempt(no_personal_data(), output)
    assert made.passed is (kind is None)
    assert made.score is not None
    assert made.score.explanation == (f"1 × {kind}" if kind else "none found")


def test_what_the_user_said_and_what_is_allowed_pass(attempt: Try) -> None:
    """However it is written."""
    asked = {"input_text": "My card is 4111-1111-1111-1111."}
    assert attempt(no_personal_data(), "4111 1111 1111 1111, you said.", **asked).passed is True
    allowed: Any = {"texts": ["help@shop.example"]}
    assert attempt(no_personal_data(allowed), "Write to Help@shop.example.").passed is True
    assert attempt(no_personal_data({"kinds": ["email"]}), "jo@mail.example.com").passed is True
    assert attempt(no_personal_data(), None).outcome is Outcome.NO_CONTENT
    with pytest.raises(ScorerError, match=r"^no_personal_data: kinds"):
        no_personal_data({"kinds": ["name"]})
