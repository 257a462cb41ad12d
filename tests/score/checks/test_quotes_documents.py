"""`quotes_documents`: quotes stand in a document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Document, Outcome
from otel_i2e.score.checks.quotes_documents import quotes_documents

Try = Callable[..., Attempt]


DOCUMENTS = [Document(id="a", content="Laptops may be returned within 30 days of delivery, in their box.")]


@pytest.mark.parametrize(
    ("output", "passes"),
    [
        ('It says "may be returned within 30 days".', True),
        ("It says “May be returned … in their box.”", True),
        ("Es heißt „may be returned within 60 days“.", False),
        ("Il dit « returned within 30 days ».", True),
    ],
)
def test_a_quote_stands_in_a_document(attempt: Try, output: str, passes: bool) -> None:
    """White space and case do not matter; an ellipsis parts a quote."""
    assert attempt(quotes_documents(), output, documents=DOCUMENTS).passed is passes


def test_a_word_in_quotes_is_no_quote(attempt: Try) -> None:
    """Fewer words than asked for say nothing."""
    assert attempt(quotes_documents(), 'The "premium" plan.', documents=DOCUMENTS).outcome is Outcome.NOT_APPLICABLE
    assert attempt(quotes_documents(1), 'The "premium" plan.', documents=DOCUMENTS).passed is False
    with pytest.raises(ScorerError, match=r"^quotes_documents: words"):
        quotes_documents(0)
