"""`no_repeated_questions`: the user did not have to say the same thing again in the conversation."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from otel_i2e.models import Contract, Score, Turn
from otel_i2e.score.checks._check import check_scorer, plain, read_argument, shown
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.text import repeated

__all__ = ["no_repeated_questions"]


class Same(Contract):
    """When a question is the same as an earlier one."""

    at_least: float = Field(default=0.8, gt=0, le=1)
    """The likeness at which it is; as in `similarity`."""
    min_words: int = Field(default=3, ge=1)
    """Shorter ones may come again: `Yes.`"""


def no_repeated_questions(argument: Any = None) -> Scorer:
    """`true`, a likeness such as 0.9, or `{"at_least": 0.8, "min_words": 3}`."""
    same = read_argument("no_repeated_questions", Same, plain(argument), short="at_least")

    def check(conversation: list[Turn]) -> Score | None:
        """The user did not have to ask the same thing again."""
        if len(conversation) < 2:
            return None
        questions = [turn.input for turn in conversation]
        pair = repeated(questions, at_least=same.at_least, min_words=same.min_words)
        if pair is None:
            return Score(value=1.0, explanation=f"{len(questions)} turns, no question twice")
        first, again = pair
        said = f"turn {again + 1} asks what turn {first + 1} asked: {shown(questions[again])}"
        return Score(value=0.0, explanation=said)

    return check_scorer(
        "no_repeated_questions", check, same, title="" if same == Same() else f"of {same.at_least:g}", negative=True
    )
