"""`no_secrets`: the output has no key, token or password in it; found by the redactor's own eyes.

What a redactor took out before it was stored (`[redacted:KIND]`) was said, and is found as well.
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import Field, field_validator

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Score
from otel_i2e.redact import DROPPED, Finder, taken_out
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.structured import told
from otel_i2e.score.text import legible

__all__ = ["no_secrets"]

(_DROPPED,) = taken_out(DROPPED)


class Allowed(Contract):
    """What may stand there."""

    kinds: list[str] = Field(default_factory=list[str])
    """Kinds of secrets, as the explanation names them, that are let through. One of your own `[redact.patterns]` as it
    stands in the output: `[redacted:badge]`."""

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: list[str]) -> list[str]:
        known = _finder().kinds if kinds else []
        for kind in kinds:
            if kind not in known and not taken_out(kind):
                near = get_close_matches(kind, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"the kinds are {', '.join(known)}"
                raise ValueError(f"{kind!r} is no kind of secret; {hint}")
        return kinds


def no_secrets(argument: Any = None) -> Scorer:
    """`true`, or `{"kinds": ["jwt"]}` to let a kind through. What was found is never repeated, only its kind."""
    wanted = read_argument("no_secrets", Allowed, plain(argument), short="kinds")
    allowed = {*wanted.kinds, *(kind for one in wanted.kinds for kind in taken_out(one)), _DROPPED}

    def check(output: str) -> Score:
        """The output has no secret in it."""
        kinds = _kinds(output) + Counter(taken_out(output))
        if texts := told(output):
            kinds |= _kinds(texts)
        found = [(kind, count) for kind, count in sorted(kinds.items()) if kind not in allowed]
        if not found and kinds[_DROPPED]:
            raise NotRecorded("the redactor failed and took out what it could not read")
        said = ", ".join(f"{count} × {kind}" for kind, count in found)
        return Score(value=0.0 if found else 1.0, explanation=said or "none found")

    return check_scorer(
        "no_secrets",
        check,
        wanted,
        title="" if not wanted.kinds else f"but {', '.join(wanted.kinds)}",
        negative=True,
        sees_redacted=True,
    )


@cache
def _finder() -> Finder:
    try:
        return Finder()
    except ModuleNotFoundError:
        raise ScorerError("no_secrets needs detect-secrets: pip install 'otel-i2e[redact]'") from None


def _kinds(text: str) -> Counter[str]:
    """As the text is, and as a reader sees it: without what shows nothing, full-width letters as plain ones."""
    found = Counter(found.kind for found in _finder().find(text))
    if text.isascii() or (shows := legible(text)) == text:
        return found
    return found | Counter(found.kind for found in _finder().find(shows))
