"""`no_repeated_answers`: no answer of the conversation was given before in it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from otel_i2e.models import Contract, Score, Turn
from otel_i2e.score.checks._check import check_scorer, plain, read_argument, shown
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.text import repeated

__all__ = ["no_repeated_answers"]


class Same(Contract):
    """When an answer is the same as an earlier one."""

    at_least: float = Field(default=0.9, gt=0, le=1)
    """The likeness at which it is; as in `similarity`."""
    min_words: int = Field(default=5, ge=1)
    """Shorter answers may come again: `You are welcome.`"""


def no_repeated_answers(argument: Any = None) -> Scorer:
    """`true`, a likeness such as 0.95, or `{"at_least": 0.9, "min_words": 5}`."""
    same = read_argument("no_repeated_answers", Same, plain(argument), short="at_least")

    def check(conversation: list[Turn]) -> Score | None:
        """No answer of the conversation was given before in it."""
        answers = [turn.output if turn.error is None else None for turn in conversation]
        if len(conversation) < 2:
            return None
        pair = repeated(answers, at_least=same.at_least, min_words=same.min_words)
        if pair is None:
            return Score(value=1.0, explanation=f"{len(answers)} turns, no answer twice")
        first, again = pair
        said = f"turn {again + 1} answers as turn {first + 1} did: {shown(answers[again])}"
        return Score(value=0.0, explanation=said)

    return check_scorer(
        "no_repeated_answers", check, same, title="" if same == Same() else f"of {same.at_least:g}", negative=True
    )
