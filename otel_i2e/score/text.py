"""What a reader sees of a text; when two are the same, whatever their case and whitespace; and how like they are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

__all__ = ["folded", "legible", "likeness", "repeated", "seen", "visible", "word_count"]

_UNSEEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""Characters that show nothing: Unicode 16, Default_Ignorable_Code_Point. A soft hyphen, spaces of no width, tags."""

_TYPED: Final = {
    **dict.fromkeys(map(ord, "‘’‚‛′ʼ"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—−"), "-"),
}
"""As typewriters had it."""
_UNSPACED: Final = (
    (re.compile("[\u2e80-\u2fd5\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]+"), 2),
    (re.compile("[\u3041-\u30ff\u3105-\u312f\u31f0-\u31ff\uff66-\uff9f]+"), 4),
    (re.compile("[\u0e01-\u0e4e\u0e81-\u0ece\u0f40-\u0fbc\u1000-\u103f\u1050-\u109f\u1780-\u17d3]+"), 5),
)
"""Scripts that put no spaces between words, and how many characters are about one: Han; kana and bopomofo; Thai, Lao,
Tibetan, Burmese and Khmer."""


def word_count(text: str) -> int:
    """How many words, parted by white space; in a script that parts none, two Chinese characters count as one, four
    kana, five letters of Thai and its neighbours.
    """
    if text.isascii():
        return len(text.split())
    unspaced = 0.0
    for characters, of_a_word in _UNSPACED:
        if found := characters.findall(text):
            unspaced += sum(map(len, found)) / of_a_word
            text = characters.sub(" ", text)
    others = text.split()
    if not unspaced:
        return len(others)
    return max(1, int(unspaced) + sum(any(map(str.isalnum, part)) for part in others))  # others are signs between them


@lru_cache(maxsize=64)  # as `folded`
def visible(text: str) -> str:
    """`text` without characters that show nothing: inside of a word they hide it from whoever looks for it."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def legible(text: str) -> str:
    """`text` in NFKC without characters that show nothing; case and white space as they are."""
    return text if text.isascii() else unicodedata.normalize("NFKC", visible(text))


def seen(text: str) -> str:
    """`text` as a reader sees it, `folded`, apostrophes, quotation marks and dashes as typed: to look for a text in
    another.
    """
    return folded(text) if text.isascii() else _typed(folded(visible(text)))


@lru_cache(maxsize=64)  # as `folded`
def _typed(text: str) -> str:
    return text if text.isascii() else text.translate(_TYPED)


@lru_cache(maxsize=64)  # the checks of one subject fold the same text, one after the other
def folded(text: str) -> str:
    """`text` in NFKC, case-folded (Unicode 3.13, default caseless matching), runs of whitespace as one space."""
    if text.isascii():  # the normal forms change nothing there
        return " ".join(text.casefold().split())
    caseless = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(caseless.split())


def likeness(one: str, other: str) -> float:
    """0 to 1: Dice's coefficient over groups of three characters, counted as often as they occur."""
    left, right = _groups(one), _groups(other)
    return 2 * (left & right).total() / (left.total() + right.total())


def repeated(texts: Sequence[str | None], *, at_least: float, min_words: int) -> tuple[int, int] | None:
    """Positions of the first text that is like an earlier one, the earlier first; None when each is new.

    Texts of fewer than `min_words` words, and None, are passed over.
    """
    long = [(at, text) for at, text in enumerate(texts) if text is not None and word_count(text) >= min_words]
    for place, (again, text) in enumerate(long):
        for first, before in long[:place]:
            if likeness(before, text) >= at_least:
                return first, again
    return None


def _groups(text: str) -> Counter[str]:
    padded = f"  {folded(text)} "
    return Counter(padded[at : at + 3] for at in range(len(padded) - 2))
