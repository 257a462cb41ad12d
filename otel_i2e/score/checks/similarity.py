"""`similarity`: the output is much like the expected one: the share of common groups of three characters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, read_argument, shown
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.text import likeness

__all__ = ["similarity"]


class Like(Contract):
    """What the output must be like."""

    text: str | None = None
    """Without one, the case's `expected`."""
    at_least: float = Field(default=0.8, gt=0, le=1)
    """The similarity at which it passes."""


def similarity(argument: Any) -> Scorer:
    """`"Within 30 days."` or `{"text": …, "at_least": 0.9}`; without a text, the case's `expected`."""
    wanted = read_argument("similarity", Like, argument, short="text")
    text = wanted.text
    if text is None:

        def against_case(output: str, expected: Any) -> Score:
            """The output is like what the case expects."""
            if not isinstance(expected, str):
                raise ScorerError(f"it compares texts, and what is expected is {shown(expected)}; use equals")
            return _compared(output, expected)

        made = check_scorer("similarity", against_case, wanted, title=f"of {wanted.at_least:g}")
    else:

        def check(output: str) -> Score:
            """The output is like this."""
            return _compared(output, text)

        made = check_scorer("similarity", check, wanted, title=f"of {wanted.at_least:g} to {shown(text)}")
    return replace(made, threshold=wanted.at_least)


def _compared(output: str, expected: str) -> Score:
    value = likeness(output, expected)
    return Score(value=value, explanation=f"{value:.2f} like {shown(expected)}")
