"""`feedback`: what the application's user thought, as an OpenTelemetry evaluation event."""

from __future__ import annotations

import logging
import time
from uuid import UUID, uuid4

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber, get_logger

from otel_i2e.semconv import (
    EVALUATION_EVENT,
    EVALUATION_EXPLANATION,
    EVALUATION_LABEL,
    EVALUATION_NAME,
    EVALUATION_VALUE,
    I2E_SCOPE,
    I2E_SCORE_ID,
    I2E_SCORE_SOURCE,
)

__all__ = ["feedback"]

_log = logging.getLogger("otel_i2e")


def feedback(
    trace_id: str | None,
    score: bool | float,
    comment: str | None = None,
    *,
    name: str = "feedback",
) -> str | None:
    """Score the trace as its user did: True or False for a thumb up or down, or a number, by custom from 0 to 1.

    `trace_id` is what `current_trace_id()` gave (None does nothing). Gives the id of the score, or None when
    the trace id or the score is not valid, which is logged, not raised. It travels as the event
    `gen_ai.evaluation.result`; with `I2E_CAPTURE=metadata` the comment is left out.
    """
    if trace_id is None:
        return None
    try:
        number, value = UUID(trace_id.removeprefix("0x")).int, float(score)
    except (AttributeError, TypeError, ValueError):
        _log.warning(
            "otel-i2e: feedback(%r, %r) is ignored: it takes a trace id of 32 hex digits and a number", trace_id, score
        )
        return None
    score_id = uuid4().hex
    attributes: dict[str, str | float] = {
        EVALUATION_NAME: name,
        EVALUATION_VALUE: value,
        I2E_SCORE_ID: score_id,
        I2E_SCORE_SOURCE: "user",
    }
    if isinstance(score, bool):
        attributes[EVALUATION_LABEL] = "thumbs_up" if score else "thumbs_down"
    if comment is not None:
        attributes[EVALUATION_EXPLANATION] = str(comment)
    _emit(number, attributes)
    return score_id


def _emit(trace_id: int, attributes: dict[str, str | float]) -> None:
    of_trace = trace.SpanContext(trace_id, 0, is_remote=True, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED))
    now = time.time_ns()
    get_logger(I2E_SCOPE).emit(
        LogRecord(
            timestamp=now,
            observed_timestamp=now,
            context=trace.set_span_in_context(trace.NonRecordingSpan(of_trace)),
            severity_number=SeverityNumber.INFO,
            event_name=EVALUATION_EVENT,
            attributes=attributes,
        )
    )
