"""`language`: the output is written in this language, told by the small words that every text is full of.

It knows seven languages by their commonest words, and others so that a text in one of these is not taken for one of the
seven. A text with fewer than three such words of any, or few for its length, is not judged: a number, a name, code, or
a language that it does not know; unless it is written in another script.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any, Final, Literal

from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.text import folded

__all__ = ["language"]

Code = Literal["de", "en", "es", "fr", "it", "nl", "pt"]
_TEXTS: Final = {
    "de": "der die das und ist nicht ein eine sie wir mit für auf den dem zu von ich es auch wird oder bei als kann im",
    "en": "the and is not a of to you we with for on it this that can are be your i in will have or if by as an from",
    "es": "el la los las y es no un una de que en por con para se su del al puede usted lo o si más este esta ha a",
    "fr": "le la les et est pas un une de des que vous nous avec pour sur dans du au votre il ce a à ou si par en ne",
    "it": "il la gli e è non un una di che con per su si del della può lei le i sono al nel a o da se ha come dei",
    "nl": "de het en is niet een van te dat wij met voor op u kunt je zijn in uw er ook wordt die dit om of kan bij",
    "pt": "o a os as e é não um uma de que em por com para se seu do da no na pode você ou ao mais são dos está pelo à",
}
_OTHERS: Final = {
    "af": "die en van is nie in het vir jy ons sal",
    "ca": "el la els les i és no un una de que en per amb es del al pot vostè si més o a",
    "cs": "a je se na v to že s z do i o k pro ale jako za si od po jsou můžete nebo není",
    "da": "og i at det en er på for med den til ikke af de har et kan du vi der din som om",
    "et": "ja on ei see et kui ka oma või mis ta aga kas saab teie meie selle seda",
    "eo": "la de kaj en ne estas por al ĉi ke kun aŭ el sur vi povas tiu se",
    "fi": "ja on ei se että oli voi sen tämä kun niin mutta jos tai ovat myös voit sinun meidän kuin",
    "ga": "an na is agus ar le go i do seo atá níl nó mar a leis tá sa",
    "gl": "o a os as e é non un unha de que en por con para se do da na no máis ou está pode",
    "hr": "i je u na da se za od su ne s a o to kao koji ili iz ali nije može vam ste",
    "hu": "a az és hogy nem is egy ez van meg csak de ha vagy mint már még ki lehet kell",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada anda bisa ke atau juga ada kami adalah",
    "lt": "ir yra kad su iš į ne tai jūs bus ar už buvo kaip gali jei po nuo bei",
    "lv": "un ir ka ar no uz par nav kas tas jūs var bet pie vai lai kā ja",
    "nb": "og i å det en er på for med den til ikke av de har et kan du vi som om din",
    "pl": "i w na z się to jest nie do że o a jak po za od co dla przez ale są można może lub",
    "ro": "și de la a în nu că este cu pe un o din sau mai pentru se care să ce va vă puteți si sa",
    "sk": "a je sa na v to že s z do i o k pre ale ako za si od po sú môžete alebo nie",
    "sl": "in je na za se da ne v so ki z pa ali kot lahko tudi če vam bo po iz",
    "sv": "och i att det som en på är av för med den till inte om ett men de har kan du vi din",
    "tl": "ang ng sa na mga at ay hindi para ito ko kung may po ka mo ng inyong",
    "tr": "ve bir bu da de için ile çok ne var değil gibi daha olarak olan veya kadar sonra siz size",
    "vi": "và của là có được cho không các trong với một này đã để bạn khi những",
}
_CODES: Final[dict[str, list[str]]] = {}
"""Word → the languages that it is common in."""
for _code, _text in (_ALL := {**_TEXTS, **_OTHERS}).items():
    for _word in dict.fromkeys(_text.split()):
        _CODES.setdefault(_word, []).append(_code)
_LEAST: Final = 3
_SHARE: Final = 0.1
"""Of the words that a text has: in each of the seven, a quarter and more are of these."""
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
        words = Counter(word.strip(".,;:!?()\"'«»“”") for word in folded(output).split())
        counts, kinds = Counter[str](), Counter[str]()
        for word in words.keys() & _CODES.keys():
            kinds.update(_CODES[word])
            counts.update(dict.fromkeys(_CODES[word], words[word]))
        enough = [code for code in counts if kinds[code] >= _LEAST and counts[code] >= _SHARE * words.total()]
        if not enough:
            return Score(value=0.0, label="other", explanation="it is in another script") if _is_other(output) else None
        most = max(counts[code] for code in enough)
        likely = sorted((code for code in enough if counts[code] == most), key=list(_ALL).index)
        told = wanted.code if wanted.code in likely else likely[0]
        return Score(value=float(told == wanted.code), label=told, explanation=f"it reads like {told}")

    return check_scorer("language", check, wanted, title=wanted.code)


def _is_other(text: str) -> bool:
    """Whether most of its letters, and twenty at least, are of a script that none of the seven is written in."""
    letters = [char for char in text if char.isalpha()]
    other = sum(not unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN", "MICRO")) for char in letters)
    return not text.isascii() and other >= _LETTERS and other > len(letters) / 2
