"""Which adapter an object of another library needs, told by its methods: no library is imported to find out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from otel_i2e.score.adapters.autoevals import from_autoevals
from otel_i2e.score.adapters.deepeval import from_deepeval
from otel_i2e.score.adapters.pydantic_evals import from_pydantic_evals
from otel_i2e.score.adapters.ragas import from_ragas
from otel_i2e.score.scorer import Scorer

__all__ = ["adapter_of"]

_SHAPES: Final[tuple[tuple[str, Callable[..., Scorer]], ...]] = (
    ("a_measure", from_deepeval),
    ("single_turn_ascore", from_ragas),
    ("ascore", from_ragas),
    ("eval_async", from_autoevals),
    ("evaluate_async", from_pydantic_evals),
)
"""A method → what makes a scorer of an object that has it."""


def adapter_of(thing: Any) -> Callable[..., Scorer] | None:
    """`from_deepeval`, `from_ragas`, …; None for a function, a class, and an object of no known shape."""
    if isinstance(thing, type):
        return None
    kind = cast("Any", type(thing))
    return next((adapter for method, adapter in _SHAPES if callable(getattr(kind, method, None))), None)
