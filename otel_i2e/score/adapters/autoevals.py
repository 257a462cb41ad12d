"""A scorer of autoevals (Braintrust) as ours: `levenshtein = from_autoevals(Levenshtein(), threshold=0.8)`."""

from __future__ import annotations

import copy
import re
from typing import Any, Final, cast

from otel_i2e.models import Judge, Score, Subject
from otel_i2e.score.adapters.identity import asked_model, foreign_definition
from otel_i2e.score.adapters.native import native_output
from otel_i2e.score.scorer import Scorer

__all__ = ["from_autoevals"]

_COMPARE: Final = frozenset(
    {
        *("AnswerCorrectness", "AnswerSimilarity", "EmbeddingSimilarity", "ExactMatch", "JSONDiff", "Levenshtein"),
        *("ListContains", "NumericDiff"),
    }
)
"""Those that hold the output against what is expected; without it some of them give 0, others raise."""
_FIELDS: Final = frozenset({"expected", "input"})
_SHOWN: Final = re.compile(r"\{\{[{&]?\s*(\w+)\s*\}")
_IF_THERE: Final = re.compile(r"\{\{[#^]\s*(\w+)\s*\}")
"""What a prompt (Mustache) shows, and what it says only with or without."""


def from_autoevals(scorer: Any, *, name: str | None = None, threshold: float | None = None) -> Scorer:
    """It is given `output`, `expected` and `input`; its `None` says not applicable, its `error` is an error. What it
    compares with, or its prompt shows, must be there.

    Model-graded ones call their own model: their cost is not known here, and no judge of ours is asked. They are
    judges all the same, and none that was calibrated: they cannot block.
    """

    reads_text = type(scorer).__module__.endswith(".string") or _model(scorer) is not None
    answer_of = _text if reads_text else _native

    async def ask(subject: Subject, _judge: Judge | None) -> Score | None:
        made: Any = await scorer.eval_async(output=answer_of(subject), expected=subject.expected, input=subject.input)
        if made.error is not None:
            raise made.error
        return None if made.score is None else Score(value=float(made.score), metadata=dict(made.metadata or {}))

    kind = cast("type[Any]", type(scorer))
    needed = _needed(scorer)
    return Scorer(
        name=name or kind.__name__,
        threshold=threshold,
        required=frozenset({"output"}) | needed,
        optional=_FIELDS - needed,
        ask=ask,
        model=_model(scorer),
        identity=lambda: foreign_definition(scorer, threshold),
        source=f"autoevals {kind.__qualname__}",
        description=(kind.__doc__ or "").strip().partition("\n")[0],
    )


def _needed(scorer: Any) -> frozenset[str]:
    kinds = {base.__name__ for base in type(scorer).__mro__}
    messages: list[Any] = getattr(scorer, "messages", None) or []
    prompt = "\n".join(str(one.get("content")) for one in messages if isinstance(one, dict))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] -- another library's
    given: dict[str, Any] = getattr(scorer, "render_args", None) or {}
    shown = {*_SHOWN.findall(prompt)} - {*_IF_THERE.findall(prompt), *given}
    return _FIELDS & (shown | ({"expected"} if kinds & _COMPARE else set[str]()))


def _text(subject: Subject) -> Any:
    return subject.output


def _native(subject: Subject) -> Any:
    """A number or a list that was answered, for those that compare such."""
    return copy.deepcopy(native_output(subject))


def _model(scorer: Any) -> str | None:
    """The model that it asks, itself or by a scorer that it was given."""
    held = cast("dict[str, Any]", vars(scorer))
    if "client" in held or any(base.__name__ == "OpenAIScorer" for base in type(scorer).__mro__):
        return asked_model(held.get("model") or held.get("extra_args", {}).get("model"))
    inner = (_model(one) for one in held.values() if hasattr(one, "eval_async") and not isinstance(one, type))
    return next((model for model in inner if model is not None), None)
