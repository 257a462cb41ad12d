"""`length`: the output is as long as asked for, in words or characters."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field, model_validator

from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, read_argument, verdict
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.structured import texts_in
from otel_i2e.score.text import word_count

__all__ = ["length"]


class Limits(Contract):
    """At least one limit."""

    max_words: int | None = Field(default=None, ge=0)
    """Words at most; a word is what white space parts, or about as much of a script without (`word_count`)."""
    min_words: int | None = Field(default=None, ge=0)
    """Words at least."""
    max_characters: int | None = Field(default=None, ge=0)
    """Characters at most."""
    min_characters: int | None = Field(default=None, ge=0)
    """Characters at least."""

    @model_validator(mode="after")
    def _one_at_least(self) -> Limits:
        if all(limit is None for _, limit in self):
            raise ValueError("give a limit")
        return self


def length(argument: Any) -> Scorer:
    """`100` (words at most), or `{"min_words": …, "max_words": …, "max_characters": …}`."""
    limits = read_argument("length", Limits, argument, short="max_words")
    most_words, most_characters = _or_any(limits.max_words), _or_any(limits.max_characters)
    least_words, least_characters = limits.min_words or 0, limits.min_characters or 0

    def check(output: str) -> Score:
        """The output is as long as asked for."""
        words = sum(map(word_count, texts_in(output) or (output,)))
        characters = len(output)
        holds = least_words <= words <= most_words and least_characters <= characters <= most_characters
        return verdict(holds=holds, why=f"{words} words, {characters} characters")

    return check_scorer(
        "length", check, limits, title=", ".join(f"{n} {v}" for n, v in limits if v is not None), negative=True
    )


def _or_any(limit: int | None) -> float:
    return math.inf if limit is None else limit
