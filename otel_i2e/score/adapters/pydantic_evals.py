"""An evaluator of pydantic-evals as ours, and a scorer of ours as one of theirs."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from otel_i2e.errors import ScorerError
from otel_i2e.models import Case, Json, Judge, Outcome, Score, Span, Subject
from otel_i2e.score.adapters.identity import asked_model, foreign_definition
from otel_i2e.score.adapters.native import native_output
from otel_i2e.score.answer import ScorerResult
from otel_i2e.score.run import run_scorer
from otel_i2e.score.scorer import Scorer
from otel_i2e.semconv import MIME_JSON
from otel_i2e.values import as_text

__all__ = ["from_pydantic_evals", "to_pydantic_evals"]


def from_pydantic_evals(evaluator: Any, *, name: str | None = None, threshold: float | None = None) -> Scorer:
    """A bool passes when it is true, a number measures, text is a label; of several results none can be chosen. It is
    given the output that the application gave, as JSON has it.

    What it would see of spans (`ctx.span_tree`) is not given to it, nor the duration of a span without an end: it
    raises, and that is an error.
    """

    async def ask(subject: Subject, _judge: Judge | None) -> ScorerResult:
        return _result(await evaluator.evaluate_async(_context(subject)))

    kind = cast("type[Any]", type(evaluator))
    return Scorer(
        name=name or kind.__name__,
        threshold=threshold,
        required=frozenset({"output"}),
        optional=frozenset({"expected", "input", "metadata", "duration_ms"}),
        ask=ask,
        model=_model(evaluator),
        identity=lambda: foreign_definition(evaluator, threshold),
        source=f"pydantic-evals {kind.__qualname__}",
        description=(kind.__doc__ or "").strip().partition("\n")[0],
    )


def to_pydantic_evals(scorer: Scorer, *, judge: Judge | None = None) -> Any:
    """An evaluator that runs `scorer` on a case's output, as text as `i2e eval` has it; needs pydantic-evals.

    A score with a verdict becomes an assertion, one without becomes a number or a label, with its explanation. Not
    applicable gives no result; anything else raises ScorerError, which pydantic-evals shows as an evaluator's failure.
    """
    from pydantic_evals.evaluators import EvaluationReason, Evaluator

    @dataclass
    class Exported(Evaluator[Any, Any, Any]):
        scorer: str
        version: str

        async def evaluate(self, ctx: Any) -> dict[str, Any]:
            made = await run_scorer(scorer, _subject(ctx), judge=judge)
            if made.outcome is Outcome.NOT_APPLICABLE:
                return {}
            if made.score is None:
                raise ScorerError(f"{scorer.name}: {made.outcome.value}: {made.error}")
            value = made.passed if made.passed is not None else made.score.value
            given = value if value is not None else made.score.label or ""
            return {scorer.name: EvaluationReason(value=given, reason=made.score.explanation)}

    return Exported(scorer.name, scorer.version)


def _model(evaluator: Any) -> str | None:
    """The model that it asks; None of one in code."""
    is_judge = any(base.__name__ in ("LLMJudge", "GEval") for base in type(evaluator).__mro__)
    return asked_model(getattr(evaluator, "model", None)) if is_judge else None


def _context(subject: Subject) -> Any:
    from pydantic_evals.evaluators import EvaluatorContext
    from pydantic_evals.otel import SpanTreeRecordingError

    class Untimed(EvaluatorContext[Any, Any, Any]):
        def __getattr__(self, name: str) -> Any:  # of what is not there, and `duration` is deleted below
            if name == "duration":
                raise ScorerError("it asks for the duration, and the span has no end time")
            raise AttributeError(name)

    untimed = subject.duration_ms is None
    context = (Untimed if untimed else EvaluatorContext)(
        name=subject.case.id if subject.case is not None else subject.span.span_id,
        inputs=subject.input,
        metadata=subject.metadata,
        expected_output=subject.expected,
        output=copy.deepcopy(native_output(subject)),
        duration=(subject.duration_ms or 0.0) / 1000,
        _span_tree=SpanTreeRecordingError("a scorer of otel-i2e that looks at spans takes `trace`"),
        attributes={},
        metrics={},
    )
    if untimed:
        del context.duration
    return context


def _result(result: Any) -> ScorerResult:
    if isinstance(result, Mapping):
        results = cast("Mapping[str, Any]", result)
        if len(results) > 1:
            raise ScorerError(f"the evaluator gave {len(results)} results ({', '.join(results)}); a scorer gives one")
        result = next(iter(results.values()), None)
    reason: str | None = getattr(result, "reason", None)
    value: Any = getattr(result, "value", result)
    if value is None:
        return None
    if isinstance(value, str):
        return Score(label=value, explanation=reason)
    if isinstance(value, bool):
        return {"value": value, "explanation": reason}
    return Score(value=float(value), explanation=reason)


def _subject(ctx: Any) -> Subject:
    given: Any = ctx.inputs
    case = Case(
        id=ctx.name or "case",
        input=given if isinstance(given, str) else _object(given, "inputs"),
        expected=None if ctx.expected_output is None else _json(ctx.expected_output),
        metadata={} if ctx.metadata is None else _object(ctx.metadata, "metadata"),
    )
    output: Any = ctx.output
    span = Span(
        trace_id="0" * 32,
        span_id="0" * 16,
        kind="llm",
        content_state="full",
        output_text=None if output is None else as_text(output)[0],
        duration_ms=ctx.duration * 1000,
    )
    return Subject(span=span, trace=(span,), case=case)


def _object(value: Any, name: str) -> Json:
    """What a case has of theirs, of whatever type it is: an object, or one with `value` under `name`."""
    if isinstance(value, dict):
        return cast("Json", value)
    plain = _json(value)
    return cast("Json", plain) if isinstance(plain, dict) else {name: plain}


def _json(value: Any) -> Any:
    """As an output is seen: text as text, all else as its JSON, read again."""
    text, kind = as_text(value)
    return json.loads(text) if kind == MIME_JSON else text
