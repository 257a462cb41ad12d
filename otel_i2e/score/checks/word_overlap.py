"""`word_overlap`: how much of the output's words and numbers stand in the documents or the question.

A cheap first look at groundedness, the same every time, and no more: a paraphrase scores low, a sentence that puts the
documents' words together wrongly scores high, and `not` is a word like any other. The judge `groundedness` reads.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from pydantic import Field

from otel_i2e.models import Contract, Document, Score
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.structured import told
from otel_i2e.score.text import legible, seen

__all__ = ["word_overlap"]

_WORD: Final = r"\pL[\pL\pM'-]{3,}"
_NUMBER: Final = r"\p{Nd}+(?:[ .,'’٫٬]\p{Nd}+)*"
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}([ '])\d{3}(?:\1\d{3})*(?:[.,]\d+)?")
_PARTS: Final = re.compile(r"[ ']")
_SIGNS: Final = str.maketrans("’٫٬", "',.")


class Overlap(Contract):
    """How much must overlap."""

    at_least: float = Field(default=0.6, gt=0, le=1)
    """Share of the output's words of four letters or more."""


def word_overlap(argument: Any = None) -> Scorer:
    """`true`, or the least share. A number that is neither in the documents nor in the question makes it 0."""
    wanted = read_argument("word_overlap", Overlap, plain(argument), short="at_least")
    words, numbers = compiled(_WORD), compiled(_NUMBER)

    def check(output: str, documents: list[Document], input: Any = None) -> Score | None:
        """Words and numbers of the output stand in the documents or the question."""
        source = legible("\n".join([*(one.content or "" for one in documents), str(input or "")]))
        text = legible(told(output) or output)
        said, known = set(_all(words, seen(text))), set(_all(words, seen(source)))
        stand = {
            value for run in _all(numbers, source) for one in {*_apart(run), *_read(run)} for value in _values(one)
        }
        given = {one for run in _all(numbers, text) for one in _read(run)}
        invented = sorted(number for number in given if stand.isdisjoint(_values(number)))
        if invented:
            return Score(value=0.0, explanation=f"numbers that stand nowhere: {', '.join(invented)}")
        if not said:
            return None
        new = sorted(said - known)
        return Score(value=1 - len(new) / len(said), explanation=f"new words: {', '.join(new[:10]) or 'none'}")

    made = check_scorer("word_overlap", check, wanted, title="" if wanted == Overlap() else f"{wanted.at_least:g}")
    return replace(made, threshold=wanted.at_least)


def _all(search: Any, text: str) -> Iterable[str]:
    return (match.group() for match in search.finditer(text))


def _read(run: str) -> list[str]:
    """The number that groups of three digits make, a space or an apostrophe between them; else each by itself."""
    apart = _apart(run)
    return ["".join(apart)] if len(apart) > 1 and _THOUSANDS.fullmatch(_plain(run)) else apart


def _apart(run: str) -> list[str]:
    return _PARTS.split(_plain(run))


def _plain(run: str) -> str:
    """With ASCII digits and signs."""
    if run.isascii():
        return run
    return "".join(str(unicodedata.decimal(char, char)) for char in run.translate(_SIGNS))


def _values(number: str) -> set[str]:
    """What a number may mean: a point or comma before three digits may be of thousands, the last one of decimals."""
    *before, last = re.split(r"[.,]", number)
    if not before:
        return {last.lstrip("0") or "0"}
    found: set[str] = set()
    if all(len(part) == 3 for part in [*before[1:], last]):
        found.add("".join([*before, last]).lstrip("0") or "0")
    if len({char for char in number if not char.isdigit()}) == len(before):  # at most one of each sign
        whole, rest = "".join(before).lstrip("0") or "0", last.rstrip("0")
        found.add(f"{whole}.{rest}" if rest else whole)
    return found or {number}
