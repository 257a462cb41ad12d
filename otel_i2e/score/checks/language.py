"""`language`: the output is written in this language, told by the small words that every text is full of.

It knows seven languages by their commonest words. A text with fewer than three of any is not judged: a number, a name,
code, or another language; unless it is written in another script.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final, Literal

from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.text import folded

__all__ = ["language"]

Code = Literal["de", "en", "es", "fr", "it", "nl", "pt"]
_TEXTS: Final = {
    "de": "der die das und ist nicht ein eine sie wir mit für auf den dem zu von ich es auch wird",
    "en": "the and is not a of to you we with for on it this that can are be your i in will have",
    "es": "el la los las y es no un una de que en por con para se su del al puede usted lo",
    "fr": "le la les et est pas un une de des que vous nous avec pour sur dans du au votre il ce",
    "it": "il la gli e è non un una di che con per su si del della può lei le i sono al nel",
    "nl": "de het en is niet een van te dat wij met voor op u kunt je zijn in uw er ook wordt",
    "pt": "o a os as e é não um uma de que em por com para se seu do da no na pode você",
}
_WORDS: Final = {code: frozenset(text.split()) for code, text in _TEXTS.items()}
_LEAST: Final = 3
_LETTERS: Final = 20


class Wanted(Contract):
    """The language."""

    code: Code
    """ISO 639-1."""


def language(argument: Any) -> Scorer:
    """`"de"`: German, English, Spanish, French, Italian, Dutch or Portuguese, by their codes."""
    wanted = read_argument("language", Wanted, argument, short="code")

    def check(output: str) -> Score | None:
        """The output is written in this language."""
        words = [word.strip(".,;:!?()\"'«»“”") for word in folded(output).split()]
        counts = {code: sum(word in small for word in words) for code, small in _WORDS.items()}
        most = max(counts.values())
        if most < _LEAST:
            return Score(value=0.0, label="other", explanation="it is in another script") if _is_other(output) else None
        likely = sorted(code for code, count in counts.items() if count == most)
        return Score(value=float(wanted.code in likely), label=likely[0], explanation=f"it reads like {likely[0]}")

    return check_scorer("language", check, wanted, title=wanted.code)


def _is_other(text: str) -> bool:
    """Whether most of its letters, and twenty at least, are of a script that none of the seven is written in."""
    letters = [char for char in text if char.isalpha()]
    other = sum(not unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN", "MICRO")) for char in letters)
    return not text.isascii() and other >= _LETTERS and other > len(letters) / 2
