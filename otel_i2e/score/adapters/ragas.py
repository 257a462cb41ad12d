"""A metric of Ragas as ours: `similar = from_ragas(NonLLMStringSimilarity(), threshold=0.8)`.

Ragas reports what it does to its makers unless RAGAS_DO_NOT_TRACK=true is set before it is imported.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, cast

from otel_i2e.errors import ScorerError
from otel_i2e.models import Json, Judge, Score, Subject
from otel_i2e.score.adapters.identity import asked_model, foreign_definition
from otel_i2e.score.scorer import Scorer

__all__ = ["from_ragas"]

_FIELDS: Final[dict[str, tuple[str, Callable[[Subject], Any]]]] = {
    "user_input": ("input", lambda subject: _text(subject.input)),
    "response": ("output", lambda subject: subject.output),
    "reference": ("expected", lambda subject: _text(subject.expected)),
    "retrieved_contexts": ("documents", lambda subject: [one.content or "" for one in subject.documents]),
    "retrieved_context_ids": ("documents", lambda subject: [one.id or "" for one in subject.documents]),
}
"""A field of a sample → the parameter of a scorer that it is, and its value."""


def from_ragas(metric: Any, *, name: str | None = None, threshold: float | None = None) -> Scorer:
    """A metric of a single turn: of `ragas.metrics` or of `ragas.metrics.collections`.

    What it asks for must be there. LLM metrics call their own model: their cost is not known here, and no judge of
    ours is asked; a score that is not a number is an error. ScorerError for a metric that needs what no span has.
    """
    kind = cast("type[Any]", type(metric))
    by_sample = hasattr(metric, "single_turn_ascore")
    required, optional = _columns(metric) if by_sample else _arguments(metric)
    unknown = sorted(required - _FIELDS.keys())
    if unknown:
        raise ScorerError(f"ragas {kind.__name__} needs {', '.join(unknown)}, which no span has")
    fields = sorted(required | (optional & _FIELDS.keys()))

    async def ask(subject: Subject, _judge: Judge | None) -> Any:
        given = {field: _FIELDS[field][1](subject) for field in fields}
        if not by_sample:
            return _score(await metric.ascore(**{field: value for field, value in given.items() if value is not None}))
        sample = import_module("ragas.dataset_schema").SingleTurnSample(**given)
        return _score(await metric.single_turn_ascore(sample))

    return Scorer(
        name=name or getattr(metric, "name", None) or kind.__name__,
        threshold=threshold,
        required=frozenset(_FIELDS[field][0] for field in required) | {"output"},
        optional=frozenset(_FIELDS[field][0] for field in fields if field not in required),
        ask=ask,
        model=_model(metric),
        identity=lambda: foreign_definition(metric, threshold, _prompts(metric)),
        source=f"ragas {kind.__qualname__}",
        description=(kind.__doc__ or "").strip().partition("\n")[0],
    )


def _model(metric: Any) -> str | None:
    """The model that it asks, or that it embeds with; None of one in code."""
    held = cast("dict[str, Any]", vars(metric))
    asked = [name for name in ("llm", "embeddings") if name in held]
    return asked_model(held[asked[0]]) if asked else None


def _prompts(metric: Any) -> Json:
    """What its prompts say, which the project may change, by the attribute that holds each."""
    held = cast("dict[str, Any]", vars(metric))
    return {
        f"{name}: {part}": getattr(prompt, part, None)
        for name, prompt in held.items()
        if isinstance(getattr(prompt, "instruction", None), str)
        for part in ("instruction", "examples", "language")
    }


def _columns(metric: Any) -> tuple[set[str], set[str]]:
    """What a metric that takes a sample must have, and may have (`reference:optional`)."""
    found = [str(one) for one in metric.required_columns.get("SINGLE_TURN", ())]
    optional = {one.partition(":")[0] for one in found if one.endswith(":optional")}
    return {one.partition(":")[0] for one in found} - optional, optional


def _arguments(metric: Any) -> tuple[set[str], set[str]]:
    """The same of a metric that takes its arguments by name."""
    parameters = inspect.signature(metric.ascore).parameters.values()
    named = [one for one in parameters if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    required = {one.name for one in named if one.default is one.empty}
    return required, {one.name for one in named} - required


def _score(result: Any) -> Any:
    """A number, or a result with `value` and `reason`; a value in words is a label."""
    value: Any = getattr(result, "value", result)
    reason: str | None = getattr(result, "reason", None)
    if isinstance(value, str):
        return Score(label=value, explanation=reason)
    return None if value is None else Score(value=float(value), explanation=reason)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
