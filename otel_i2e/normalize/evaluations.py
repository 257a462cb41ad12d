"""What somebody thought of a span → ScoreRow.

gen_ai.evaluation.result          a log record in the span, or a span event
evaluations.N.*, annotations.N.*  attributes of the span (OpenInference, `spec/annotations.md`); beginning with
                                  `trace.` or `session.` they are of the whole trace
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.models import ScoreRow
from otel_i2e.models.json_text import dumps
from otel_i2e.normalize.flattened import objects, tree
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_object
from otel_i2e.normalize.readers import object_of, small_count, text

__all__ = [
    "evaluated_answer",
    "evaluation_refusal",
    "event_scores",
    "is_evaluation",
    "named_answer",
    "placed",
    "score_of",
    "scores_of",
]

_PLACED: Final = frozenset(
    {
        "event.name",
        semconv.EVALUATION_NAME,
        semconv.EVALUATION_VALUE,
        semconv.EVALUATION_LABEL,
        semconv.EVALUATION_EXPLANATION,
        semconv.I2E_SCORE_ID,
        semconv.I2E_SCORE_SOURCE,
        semconv.I2E_SCORER_VERSION,
        semconv.I2E_EXPERIMENT_ID,
        semconv.I2E_CASE_ID,
        semconv.I2E_REPEAT,
    }
)


_ANNOTATIONS: Final = [
    ((*scope, f"{kind}s"), kind) for scope in ((), ("trace",), ("session",)) for kind in ("evaluation", "annotation")
]
_FIRST_NAMES: Final = frozenset(f"{'.'.join(path)}.0.{kind}.name" for path, kind in _ANNOTATIONS)
_ANNOTATION_NAMES: Final = {
    "name": semconv.EVALUATION_NAME,
    "score": semconv.EVALUATION_VALUE,
    "label": semconv.EVALUATION_LABEL,
    "explanation": semconv.EVALUATION_EXPLANATION,
}


def is_evaluation(log: RawLog) -> bool:
    """Whether `log` is an evaluation result."""
    return log.event_name == semconv.EVALUATION_EVENT


def scores_of(logs: Sequence[RawLog]) -> list[ScoreRow]:
    """The scores among `logs`. One without a trace, a name, or a value or label, is no score and left out."""
    found = (score_of(log) for log in logs if is_evaluation(log))
    return [score for score in found if score is not None]


def score_of(log: RawLog, call: tuple[str, str] | None = None) -> ScoreRow | None:
    """The score that an evaluation result is: of `call`, by trace and span id, or else of where it was emitted."""
    return _score(*(call or (log.trace_id, log.span_id)), log.time_ns, _told(log))


def placed(score: ScoreRow, call: tuple[str, str]) -> ScoreRow:
    """The score on `call`, by trace and span id; the trace that it came from, where it is another, stays known."""
    trace_id, span_id = call
    from_elsewhere = {} if trace_id == score.trace_id else {semconv.I2E_EMITTED_TRACE: score.trace_id}
    return score.model_copy(
        update={"trace_id": trace_id, "span_id": span_id, "metadata": {**score.metadata, **from_elsewhere}}
    )


def named_answer(score: ScoreRow) -> str | None:
    """The response id of the call that a score of others is about, where it says so."""
    return text(score.metadata.get(semconv.RESPONSE_ID))


def evaluated_answer(log: RawLog) -> str | None:
    """The response id of the call that an evaluation result is about, where it says so."""
    return text(_told(log).get(semconv.RESPONSE_ID))


def evaluation_refusal(log: RawLog) -> str | None:
    """Why an evaluation result is no score; None when it is one."""
    told = _told(log)
    if text(told.get(semconv.EVALUATION_NAME)) is None:
        return "no name"
    if _number(told.get(semconv.EVALUATION_VALUE)) is None and text(told.get(semconv.EVALUATION_LABEL)) is None:
        return "it failed" if told.get(semconv.ERROR_TYPE) else "neither value nor label"
    if not log.trace_id.strip("0") and evaluated_answer(log) is None:
        return "neither trace id nor response id"
    return None


def _told(log: RawLog) -> Json:
    return {**log.attributes, **_fields(log.body)}


def event_scores(spans: Sequence[RawSpan]) -> Iterator[ScoreRow]:
    """The scores that `spans` carry as events and attributes; each is of its span, or of the whole trace."""
    for span in spans:
        if not span.attributes.keys().isdisjoint(_FIRST_NAMES):
            yield from _annotations(span)
        for event in span.events:
            if event.name == semconv.EVALUATION_EVENT:
                score = _score(span.trace_id, span.span_id, event.time_ns, event.attributes)
                if score is not None:
                    yield score


def _annotations(span: RawSpan) -> Iterator[ScoreRow]:
    sent = tree(span.attributes, *{path[0] for path, _ in _ANNOTATIONS})
    for path, kind in _ANNOTATIONS:
        span_id = span.span_id if len(path) == 1 else ""
        for told in objects(sent, *path, wrapper=kind):
            fields = {_ANNOTATION_NAMES.get(name, name): value for name, value in told.items() if name != "metadata"}
            beside = object_of(told.get("metadata")) or {}
            score = _score(span.trace_id, span_id, span.end_ns, {**beside, **fields})
            if score is not None:
                yield score


def _fields(body: Any) -> Json:
    return body if is_object(body) else {}


def _score(trace_id: str, span_id: str, time_ns: int, sent: Json) -> ScoreRow | None:
    name = text(sent.get(semconv.EVALUATION_NAME))
    value = _number(sent.get(semconv.EVALUATION_VALUE))
    label = text(sent.get(semconv.EVALUATION_LABEL))
    if not trace_id.strip("0") or name is None or (value is None and label is None):
        return None
    span = span_id if span_id.strip("0") else None
    explanation = text(sent.get(semconv.EVALUATION_EXPLANATION))
    derived = dumps([trace_id, span, name, value, label, explanation, time_ns])
    return ScoreRow(
        score_id=text(sent.get(semconv.I2E_SCORE_ID)) or sha256(derived.encode()).hexdigest()[:32],
        trace_id=trace_id,
        span_id=span,
        name=name,
        value=value,
        label=label,
        explanation=explanation,
        scorer_version=text(sent.get(semconv.I2E_SCORER_VERSION)),
        source=text(sent.get(semconv.I2E_SCORE_SOURCE)) or "external",
        experiment_id=text(sent.get(semconv.I2E_EXPERIMENT_ID)),
        case_id=text(sent.get(semconv.I2E_CASE_ID)),
        repeat=small_count(sent.get(semconv.I2E_REPEAT)),
        metadata={key: sent[key] for key in sent if key not in _PLACED},
        created_at=datetime.fromtimestamp(time_ns / 1e9, UTC),
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None
