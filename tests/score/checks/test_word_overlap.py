"""`word_overlap`: words and numbers stand in the documents or the question."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Document, Outcome
from otel_i2e.score.checks.word_overlap import word_overlap

Try = Callable[..., Attempt]


DOCUMENTS = [Document(id="a", content="Laptops may be returned within 30 days of delivery. The fee is 1,200.50.")]


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("Laptops returned within 30 days.", 1.0),
        ("The fee is 1200.50, delivery of laptops.", 1.0),
        ("Laptops returned within 60 days.", 0.0),
        ("Laptops returned within 3.0 days.", 0.0),
        ("Laptops returned within 30.0 days.", 1.0),
        ("The fee is 1.200,50, delivery of laptops.", 1.0),
        ("The fee is 120.050, delivery of laptops.", 0.0),
        ("The fee is 12,00,50, delivery of laptops.", 0.0),
        ("Bananas returned happily within days.", 0.6),
    ],
)
def test_the_share_of_known_words_is_the_score(attempt: Try, output: str, value: float) -> None:
    """A number that stands nowhere makes it zero."""
    made = attempt(word_overlap(), output, documents=DOCUMENTS)
    assert made.score is not None
    assert made.score.value == pytest.approx(value)
    assert made.passed is (value >= 0.6)


def test_what_the_question_said_may_be_said_again(attempt: Try) -> None:
    """And an output of short words says nothing."""
    again = attempt(word_overlap(), "You bought 77 bananas.", documents=DOCUMENTS, input_text="I bought 77 bananas.")
    assert again.passed is True
    assert attempt(word_overlap({}), "No.", documents=DOCUMENTS).outcome is Outcome.NOT_APPLICABLE
    with pytest.raises(ScorerError, match=r"^word_overlap: at_least"):
        word_overlap(1.5)


@pytest.mark.parametrize(
    ("output", "source", "stands"),
    [
        ("Bis 1 000 €.", "Bis 1000 €.", True),
        ("Bis 1000 €.", "Bis 1\u202f000 €.", True),
        ("Bis 1.000,50 €.", "Bis 1\u00a0000,50 €.", True),
        ("Bis 30 000 €.", "Bis 500 €, 0 € nach 30 Tagen.", False),
        ("Bis 1'500 Franken.", "Bis 1500 Franken.", True),
        ("Bis 1500 Franken.", "Bis 1’500 Franken.", True),
        ("Bis 500 Franken.", "Artikel 7 500 Franken", True),
        ("Ruf 555 123 4567 an.", "Ruf (555) 123-4567 an.", True),
        ("Bis 200 Euro.", "Bis 10\n200 Euro.", True),
        ("Bis 10 200 Euro.", "Bis 10\n200 Euro.", False),
        ("حتى ٩٩ يوما", "حتى ٣٠ يوما", False),
        ("حتى ٣٠ يوما", "حتى 30 يوما", True),
    ],
)
def test_a_number_is_read_as_it_is_written_somewhere(attempt: Try, output: str, source: str, *, stands: bool) -> None:
    """A space or an apostrophe before three digits is of thousands; digits of other scripts are digits."""
    made = attempt(word_overlap(0.1), output, documents=[Document(id="a", content=source)], input_text="bis franken?")
    invented = made.score is not None and "stand nowhere" in (made.score.explanation or "")
    assert invented is not stands
