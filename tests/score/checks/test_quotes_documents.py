"""`quotes_documents`: quotes stand in a document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Document, Outcome
from otel_i2e.score.checks.quotes_documents import quotes_documents

Try = Callable[..., Attempt]


TEXT = "Laptops may be returned within 30 days of de\u00adlivery, in their box. A box – of the buyer’s choice."
DOCUMENTS = [Document(id="a", content=TEXT)]


@pytest.mark.parametrize(
    ("output", "passes"),
    [
        ('It says "may be returned within 30 days".', True),
        ("It says “May be returned … in their box.”", True),
        ("Es heißt „may be returned within 60 days“.", False),
        ("Il dit « returned within 30 days ».", True),
        ("It says 'returned within 60 days'.", False),
        ("It's the dogs' owner's: 'may be returned within 30 days'.", True),
        ("It says ‘returned within 60 days’.", False),
        ("It says ‘of the buyer’s choice’.", True),
        ("It says 'of the buyer's choice'.", True),
        ("Dort: ‚returned within 60 days‘", False),
        ('Dort: „returned within 60 days"', False),
        ("Dort: »returned within 60 days«", False),
        ("Dort: ‹returned within 60 days›", False),
        ("「returned within 60 days」と", False),
        ("Det står ”returned within 60 days”", False),
        ("``returned within 60 days''", False),
        ("'returned within 30 days' 'returned within 60 days'", False),
        ("It says “may be returned [...] in their box!”", True),
        ('"30 days of ... may be returned within"', False),
        ('"may be returned ... 30 days ... their box"', True),
        ("It says “with\u00adin 30 days of”.", True),
    ],
)
def test_a_quote_stands_in_a_document(attempt: Try, output: str, passes: bool) -> None:
    """White space and case do not matter; an ellipsis parts a quote."""
    assert attempt(quotes_documents(), output, documents=DOCUMENTS).passed is passes


@pytest.mark.parametrize(
    ("output", "passes"),
    [
        ("規約には「返品は一年以内ならいつでも受け付けます。」とあります。", False),
        ("規約には「返品は購入日から三十日以内に限り。」とあります。", True),
        ("「プレミアムプラン」があります。", None),
        ("“你可以在一年内的任何时间免费退货，无需收据”", False),
    ],
)
def test_a_quote_in_a_script_without_spaces_counts(attempt: Try, output: str, *, passes: bool | None) -> None:
    """A name is none there, either."""
    documents = [Document(id="a", content="返品は購入日から三十日以内に限り、受け付けます。")]
    assert attempt(quotes_documents(), output, documents=documents).passed is passes


@pytest.mark.parametrize(
    "output",
    [
        "In the '90s and the '80s it's so.",
        "Rock 'n' roll isn't what they're 'bout.",
        "Об'єкт і ще об'єкт, так.",
        'A 5" and a 6" pipe.',
    ],
)
def test_an_apostrophe_is_no_quotation_mark(attempt: Try, output: str) -> None:
    """Nothing is quoted."""
    assert attempt(quotes_documents(), output, documents=DOCUMENTS).outcome is Outcome.NOT_APPLICABLE


def test_a_word_in_quotes_is_no_quote(attempt: Try) -> None:
    """Fewer words than asked for say nothing."""
    assert attempt(quotes_documents(), 'The "premium" plan.', documents=DOCUMENTS).outcome is Outcome.NOT_APPLICABLE
    assert attempt(quotes_documents(1), 'The "premium" plan.', documents=DOCUMENTS).passed is False
    with pytest.raises(ScorerError, match=r"^quotes_documents: words"):
        quotes_documents(0)
