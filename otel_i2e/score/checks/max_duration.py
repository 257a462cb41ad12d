"""`max_duration`: the span took no longer than this."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, shown
from otel_i2e.score.scorer import Scorer

__all__ = ["max_duration"]

_MILLISECONDS: Final = {"ms": 1.0, "s": 1000.0, "m": 60_000.0}


class Longest(Contract):
    """A duration."""

    milliseconds: float
    """At most."""


def max_duration(argument: Any) -> Scorer:
    """A duration with its unit: `"800ms"`, `"2s"`, `"1.5m"`."""
    wanted = Longest(milliseconds=_milliseconds(argument))

    def check(duration_ms: float) -> Score:
        """The span took no longer than this."""
        return Score(
            value=1.0 if duration_ms <= wanted.milliseconds else 0.0,
            explanation=f"took {duration_ms:.0f} ms of {wanted.milliseconds:.0f} ms",
        )

    return check_scorer("max_duration", check, wanted, title=str(argument).strip(), negative=True)


def _milliseconds(argument: Any) -> float:
    text = argument.strip() if isinstance(argument, str) else ""
    number = text.rstrip("ms").strip()
    unit = text[len(number) :].strip()
    try:
        value = float(number) * _MILLISECONDS[unit]
    except (KeyError, ValueError):
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ScorerError(f"max_duration: {shown(argument)} is not a duration with its unit; write '800ms' or '2s'")
    return value
