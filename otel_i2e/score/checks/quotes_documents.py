"""`quotes_documents`: what the output puts in quotation marks stands in a retrieved document."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from otel_i2e.models import Contract, Document, Score
from otel_i2e.score.checks._check import check_scorer, plain, read_argument, shown
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.text import folded

__all__ = ["quotes_documents"]

_QUOTED: Final = '"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»'


class Quotes(Contract):
    """Which quotes count."""

    words: int = Field(default=3, ge=1)
    """Words at least: fewer are a name or a term, not a quote."""


def quotes_documents(argument: Any = None) -> Scorer:
    """`true`, or the fewest words of a quote. White space and case do not matter, an ellipsis parts a quote."""
    wanted = read_argument("quotes_documents", Quotes, plain(argument), short="words")
    search = compiled(_QUOTED)

    def check(output: str, documents: list[Document]) -> Score | None:
        """Every quote in the output stands in a document."""
        found = [next(group for group in match.groups() if group) for match in search.finditer(output)]
        quotes = [quote for quote in found if len(quote.split()) >= wanted.words]
        if not quotes:
            return None
        texts = [folded(one.content or "") for one in documents]
        invented = [quote for quote in quotes if not any(_stands_in(quote, text) for text in texts)]
        reason = f"in no document: {'; '.join(shown(q) for q in invented)}" if invented else f"{len(quotes)} found"
        return Score(value=0.0 if invented else 1.0, explanation=reason)

    return check_scorer("quotes_documents", check, wanted, title="" if wanted == Quotes() else f"{wanted.words} words")


def _stands_in(quote: str, text: str) -> bool:
    parts = (part.strip(" .,;") for part in folded(quote.replace("…", "...")).split("..."))
    return all(part in text for part in parts)
