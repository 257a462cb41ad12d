"""When two texts count as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.score.text import folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("30\u00a0days", "30 days"),
        ("caf\u00e9", "cafe\u0301"),
        ("STRASSE", "stra\u00dfe"),
        ("\ufb01ne", "fine"),
        ("  a\n\tb ", "a b"),
        ("\uff13\uff10", "30"),
    ],
)
def test_forms_of_the_same_text_fold_together(one: str, other: str) -> None:
    """No-break spaces, combining marks, case, ligatures, line breaks, full width."""
    assert folded(one) == folded(other)


def test_different_words_stay_apart() -> None:
    """Folding does not drop letters, digits or signs."""
    assert len({folded(text) for text in ("30 days", "30days", "3 days", "-30 days", "30 day's")}) == 5


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is folded is in its final form."""
    assert folded(folded(text)) == folded(text)
