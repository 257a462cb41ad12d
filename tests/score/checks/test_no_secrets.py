"""`no_secrets`: the output has no key, token or password in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.no_secrets import no_secrets

Try = Callable[..., Attempt]


KEY = "sk-" + "ant-api03-" + "aB3dE5fG7h" * 9 + "AA"


def test_a_key_fails_and_is_not_repeated(attempt: Try) -> None:
    """Only its kind is told."""
    made = attempt(no_secrets(), f"Your key is {KEY}, keep it.")
    assert made.passed is False
    assert made.score is not None
    assert KEY[:20] not in str(made.score)
    assert attempt(no_secrets({}), "Your order A-1042 is on its way.").passed is True


def test_a_kind_may_be_let_through(attempt: Try) -> None:
    """By the name that the explanation gives it."""
    made = attempt(no_secrets(), KEY)
    assert made.score is not None
    kind: Any = (made.score.explanation or "").partition(" × ")[2].partition(",")[0]
    assert attempt(no_secrets({"kinds": [kind]}), KEY).passed is True
    assert attempt(no_secrets(), None).outcome is Outcome.NO_CONTENT
    with pytest.raises(ScorerError, match=r"^no_secrets: kinds"):
        no_secrets(3)
    with pytest.raises(ScorerError, match=r"^no_secrets: kinds: 'jwtt' is no kind of secret; did you mean 'jwt'\?"):
        no_secrets({"kinds": ["jwt", "jwtt"]})
    with pytest.raises(ScorerError, match=r"'zzz' is no kind of secret; the kinds are anthropic-key, .*jwt"):
        no_secrets({"kinds": ["zzz"]})


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\U000e0041"])
def test_what_shows_nothing_hides_no_secret(attempt: Try, hidden: str) -> None:
    """Within the key, before it, or after each of its characters; and full-width letters are letters."""
    for text in (KEY[:20] + hidden + KEY[20:], f"key:x{hidden}{KEY}", hidden.join(KEY)):
        assert attempt(no_secrets(), f"It is {text}").passed is False
    wide = "".join(chr(ord(char) + 0xFEE0) for char in KEY)
    assert attempt(no_secrets(), wide).passed is False
    assert attempt(no_secrets(), f"Nothing{hidden} to see here, only 30{hidden} days.").passed is True


def test_what_the_redactor_took_out_is_found(attempt: Try) -> None:
    """It was said, and its kind is told; a value that the redactor dropped is not measured, whatever else is there."""
    made = attempt(no_secrets(), "Take [redacted:aws-access-key] or [redacted:badge].")
    assert made.passed is False
    assert made.score is not None
    assert made.score.explanation == "1 × aws-access-key, 1 × badge"
    allowed = no_secrets({"kinds": ["aws-access-key", "[redacted:badge]"]})
    assert attempt(allowed, "Take [redacted:aws-access-key] or [redacted:badge].").passed is True
    dropped = attempt(no_secrets(), "[redacted:error]")
    assert (dropped.outcome, dropped.passed) == (Outcome.NO_CONTENT, None)
