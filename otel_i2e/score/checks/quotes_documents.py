"""`quotes_documents`: what the output puts in quotation marks stands in a retrieved document."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from otel_i2e.models import Contract, Document, Score
from otel_i2e.score.checks._check import check_scorer, plain, read_argument, shown
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.structured import texts_in
from otel_i2e.score.text import seen, word_count

__all__ = ["quotes_documents"]

_PAIRS: Final = (
    r'(?:^|[^\pL\pN])"([^"]+)"',  # after a number it stands for inches
    "“([^”]+)”",
    '[„‟]([^“”"]+)[“”"]',
    "«([^»]+)»",
    "»([^«]+)«",
    "‹([^›]+)›",
    "›([^‹]+)‹",
    "「([^」]+)」",
    "『([^』]+)』",
    "[〝〞]([^〞〟]+)[〞〟]",
    "＂([^＂]+)＂",
    r"``([^`'\n]+)''",
)
_STROKES: Final = (r"'((?:[^'\n]|'[\pL\pN])+)'", r"[‘‚]((?:[^’‘\n]|’[\pL\pN])+)[’‘]", r"”([^”\n]+)”")
"""An apostrophe, or an end, as well: such a quote begins after no letter, and ends before none (`_ends`)."""
_QUOTED: Final = rf"{'|'.join(_PAIRS)}|(?:^|[^\pL\pN])(?:{'|'.join(_STROKES)})"
_BRACKETS: Final = dict.fromkeys(b"[]")
"""Around what was left out."""


class Quotes(Contract):
    """Which quotes count."""

    words: int = Field(default=3, ge=1)
    """Words at least, as `length` counts them: fewer are a name or a term, not a quote."""


def quotes_documents(argument: Any = None) -> Scorer:
    """`true`, or the fewest words of a quote. White space, case, the kind of apostrophe and of dash do not matter, an
    ellipsis parts a quote, whose parts stand in that order.
    """
    wanted = read_argument("quotes_documents", Quotes, plain(argument), short="words")
    search = compiled(_QUOTED)

    def check(output: str, documents: list[Document]) -> Score | None:
        """Every quote in the output stands in a document."""
        said = texts_in(output) or (output,)
        found = [match[match.lastindex] for text in said for match in search.finditer(text) if _ends(match)]
        quotes = [quote for quote in found if word_count(quote) >= wanted.words]
        if not quotes:
            return None
        texts = [_plain(one.content or "") for one in documents]
        invented = [quote for quote in quotes if not any(_stands_in(quote, text) for text in texts)]
        reason = f"in no document: {'; '.join(shown(q) for q in invented)}" if invented else f"{len(quotes)} found"
        return Score(value=0.0 if invented else 1.0, explanation=reason)

    return check_scorer("quotes_documents", check, wanted, title="" if wanted == Quotes() else f"{wanted.words} words")


def _ends(match: Any) -> bool:
    return match.lastindex <= len(_PAIRS) or not match.string[match.end() : match.end() + 1].isalnum()


def _stands_in(quote: str, text: str) -> bool:
    parts = (part.strip(" .,;:!?。、") for part in _plain(quote).split("..."))  # one character, in NFKC, is three dots
    at = 0
    for part in parts:
        if (found := text.find(part, at)) < 0:
            return False
        at = found + len(part)
    return True


def _plain(text: str) -> str:
    return seen(text).translate(_BRACKETS)
