"""A scorer of autoevals (Braintrust) as ours: `levenshtein = from_autoevals(Levenshtein(), threshold=0.8)`."""

from __future__ import annotations

from typing import Any, cast

from otel_i2e.models import Judge, Score, Subject
from otel_i2e.score.adapters.identity import foreign_definition
from otel_i2e.score.scorer import Scorer

__all__ = ["from_autoevals"]


def from_autoevals(scorer: Any, *, name: str | None = None, threshold: float | None = None) -> Scorer:
    """It is given `output`, `expected` and `input`; its `None` says not applicable, its `error` is an error.

    Model-graded ones call their own model: their cost is not known here, and no judge of ours is asked.
    """

    async def ask(subject: Subject, _judge: Judge | None) -> Score | None:
        made: Any = await scorer.eval_async(output=subject.output, expected=subject.expected, input=subject.input)
        if made.error is not None:
            raise made.error
        return None if made.score is None else Score(value=float(made.score), metadata=dict(made.metadata or {}))

    kind = cast("type[Any]", type(scorer))
    return Scorer(
        name=name or kind.__name__,
        threshold=threshold,
        required=frozenset({"output"}),
        optional=frozenset({"expected", "input"}),
        ask=ask,
        identity=lambda: foreign_definition(scorer, threshold),
        source=f"autoevals {kind.__qualname__}",
        description=(kind.__doc__ or "").strip().partition("\n")[0],
    )
