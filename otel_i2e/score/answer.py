"""Reading what a scorer returned: a bool, a number, a label, a Score, a mapping or None becomes an Answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple, cast

from pydantic import ValidationError

from otel_i2e.errors import ScorerError
from otel_i2e.models import Score
from otel_i2e.models.json_text import well_formed
from otel_i2e.score.storable import storable_json

__all__ = ["Answer", "NotRecorded", "ScorerResult", "answer_of", "checked", "is_verdict", "passed"]

ScorerResult = bool | int | float | str | Score | Mapping[str, Any] | None
"""What a scorer returns."""


class NotRecorded(Exception):
    """What a scorer would need to decide was not recorded: neither pass nor fail."""


class Answer(NamedTuple):
    """A score with what it took to get it."""

    score: Score | None
    """None: not applicable."""
    model: str | None = None
    """The judge model as returned."""
    cost_usd: float | None = None
    """US dollars."""


def answer_of(result: Any) -> Answer:
    """What a scorer returned, as an Answer. ScorerError when it is none of the things that a scorer returns."""
    if isinstance(result, Score):
        return Answer(checked(result))
    if isinstance(result, Answer):
        return result if result.score is None else result._replace(score=checked(result.score))
    if result is None:
        return Answer(None)
    if isinstance(result, bool | Real):
        return Answer(checked(Score(value=float(result))))
    if isinstance(result, str):
        return Answer(checked(Score(label=result)))
    if isinstance(result, Mapping):
        result = _from_mapping(cast("Mapping[str, Any]", result))
    if not isinstance(result, Score):
        raise ScorerError(
            f"it returned {type(result).__name__}; a scorer returns a bool, a number, a label, a Score or None"
        )
    return Answer(checked(result))


def is_verdict(result: Any) -> bool:
    """Whether a scorer returned a bool, alone or as the value of a mapping: it passes when it is true."""
    if isinstance(result, Mapping):
        result = cast("Mapping[str, Any]", result).get("value")
    return isinstance(result, bool)


def passed(score: Score, threshold: float | None) -> bool | None:
    """Whether the score reached the threshold; None without one. ScorerError for a threshold and no value."""
    if threshold is None:
        return None
    value = score.value
    if value is None:
        raise ScorerError(f"it has the threshold {threshold:g} but returned the label {score.label!r} and no value")
    return value >= threshold


def checked(score: Score) -> Score:
    """`score` as the store can hold it. ScorerError when it says nothing, or its value is no number."""
    value, label, why = score.value, score.label, score.explanation
    if value is None and not label:
        raise ScorerError("it returned neither value nor label; return None for not applicable")
    if value is not None and not math.isfinite(value):
        raise ScorerError(f"it returned {value!r}; a score is a finite number")
    if (label is None or label.isascii()) and (why is None or why.isascii()) and not score.metadata:
        return score  # nothing in it that the store could not hold
    return score.model_copy(
        update={
            "label": None if label is None else well_formed(label),
            "explanation": None if why is None else well_formed(why),
            "metadata": storable_json(score.metadata) if score.metadata else {},
        }
    )


def _from_mapping(values: Mapping[str, Any]) -> Score:
    try:
        return Score.model_validate(dict(values))
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise ScorerError(f"it returned a mapping that is no Score: {place}: {problem['msg']}") from None
