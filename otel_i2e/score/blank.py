"""When nothing was answered: then that something is absent from the answer shows nothing, and is no pass."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, Final, cast

from otel_i2e.errors import ScorerError
from otel_i2e.models import Json, Judge, Score, Subject
from otel_i2e.score.content import answer_cut
from otel_i2e.score.structured import texts_in
from otel_i2e.score.values import parsed

__all__ = ["Ask", "Unanswered", "blank_answer", "is_blank", "of_an_answer", "unanswered"]

Ask = Callable[[Subject, Judge | None], Score | None]
"""As a check has it."""
_SAYS: Final = frozenset("LNS")
"""Unicode categories of what an answer is made of: letters, digits and other numbers, symbols."""
_UNSEEN: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\ufffc\ufffd")
"""Letters and symbols that show nothing: fillers (Unicode 16, Default_Ignorable_Code_Point), the blank Braille
pattern, and the two that stand for what is lost."""
_FORMLESS: Final = re.compile(
    r"<(?:.* at 0x[0-9A-Fa-f]+|(?:class|module|built-in|bound method|async_generator) .*"
    r"|(?:bytes|bytearray) object of .*)>"
)
"""What Python writes for an object that has no text form."""


class Unanswered(ScorerError):
    """A check would pass, but of an answer that is not there."""


def of_an_answer(ask: Ask, needs: Collection[str], looks_at: Collection[str], *, sees_redacted: bool = False) -> Ask:
    """`ask`, whose pass (at 1) counts only of a whole answer: else Unanswered, or ScorerError for one that was cut.

    `needs` are the parameters that must be there, `looks_at` all of them. One that `sees_redacted` has looked at what
    the redactor left in place of a secret.
    """

    def asked(subject: Subject, judge: Judge | None) -> Score | None:
        score = ask(subject, judge)
        if score is not None and score.value == 1:
            if why := unanswered(subject, needs):
                raise Unanswered(why)
            if why := answer_cut(subject, looks_at, sees_redacted=sees_redacted):
                raise ScorerError(why)
        return score

    return asked


def unanswered(subject: Subject, needs: Collection[str]) -> str | None:
    """Why nothing was answered, one line; None when something was, or when that is not known.

    A scorer that needs the output is told of a blank one. Any other, in an evaluation, where the task's answer is
    known, of a blank or absent one, unless a tool was called: then something was done.
    """
    output = subject.span.output_text
    if output is not None and not is_blank(output):
        return None
    if "output" not in needs and (subject.case is None or subject.tool_calls):
        return None
    said = "there is no answer" if output is None else blank_answer(subject)
    return f"{said}, and a check that silence satisfies measures nothing then; add one of what must be there"


def blank_answer(subject: Subject) -> str | None:
    """`the answer is blank ('')`; None when it is not, or there is none."""
    output = subject.span.output_text
    return f"the answer is blank ({_shown(output)})" if output is not None and is_blank(output) else None


def is_blank(text: str) -> bool:
    """Whether `text` has no letter, digit or symbol that shows; or is JSON without one in any value, or a Python
    object without text form."""
    return not _begins_to_say(text) and _is_blank(text)


def _begins_to_say(text: str) -> bool:
    """Whether it begins with a letter or digit, as nearly every answer; and not as `null` and `nan`."""
    first = text[:1]
    return first.isalnum() and first not in "nN" and first not in _UNSEEN


@lru_cache(maxsize=16)  # one answer is looked at by several scorers
def _is_blank(text: str) -> bool:
    if any(map(_begins_to_say, texts_in(text))):
        return False
    trimmed = _trimmed(text)
    if trimmed[:1] in ("{", "[", '"') or trimmed in ("null", "NaN"):
        try:
            return _holds_nothing(parsed(trimmed))
        except (ValueError, RecursionError):  # no JSON: text like any other
            pass
    return _FORMLESS.fullmatch(trimmed) is not None or not any(map(_shows, trimmed))


def _holds_nothing(value: Any) -> bool:
    """Whether no value in this JSON says anything; names of fields do not count."""
    if isinstance(value, str):
        return is_blank(value)
    if isinstance(value, dict):
        return all(map(_holds_nothing, cast("Json", value).values()))
    if isinstance(value, list):
        return all(map(_holds_nothing, cast("list[Any]", value)))
    return value is None or (isinstance(value, float) and math.isnan(value))


def _shows(char: str) -> bool:
    return unicodedata.category(char)[0] in _SAYS and char not in _UNSEEN


def _trimmed(text: str) -> str:
    """Without separators and control characters (categories Z and C) at both ends."""
    begin, end = 0, len(text)
    while begin < end and unicodedata.category(text[begin])[0] in "ZC":
        begin += 1
    while begin < end and unicodedata.category(text[end - 1])[0] in "ZC":
        end -= 1
    return text[begin:end]


def _shown(text: str) -> str:
    written = ascii(text)
    return written if len(written) <= 60 else f"{written[:59]}…"
