"""Scores leave as OpenTelemetry events `gen_ai.evaluation.result`, where the application has a LoggerProvider.

They carry our score id: where they come back through our own capture, the store has them already.
(Semantic conventions for generative AI, events.)
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from opentelemetry import trace
from opentelemetry._logs import Logger, LogRecord, SeverityNumber, get_logger
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.util.types import AnyValue

from otel_i2e.models import ScoreRow
from otel_i2e.semconv import (
    EVALUATION_EVENT,
    EVALUATION_EXPLANATION,
    EVALUATION_LABEL,
    EVALUATION_NAME,
    EVALUATION_VALUE,
    I2E_SCOPE,
    I2E_SCORE_ID,
    I2E_SCORE_SOURCE,
    I2E_SCORER_VERSION,
)

__all__ = ["emit_scores"]

_log = logging.getLogger("otel_i2e")


def emit_scores(rows: Iterable[ScoreRow]) -> None:
    """One event for each score, under the span that it is about. Never raises; without a provider nothing happens."""
    try:
        logger = get_logger(I2E_SCOPE)
        if _is_heard(logger):
            for row in rows:
                logger.emit(_event(row))
    except Exception:  # noqa: BLE001 -- the provider is the application's; the scores are stored
        _log.warning("scores could not be sent as OpenTelemetry events; they are stored", exc_info=True)


def _is_heard(logger: Logger) -> bool:
    """Whether an event would reach anybody: making one for nobody costs as much as scoring."""
    enabled = getattr(logger, "enabled", None)  # the API has it since 1.41
    return enabled is None or enabled(event_name=EVALUATION_EVENT)


def _event(row: ScoreRow) -> LogRecord:
    values: dict[str, AnyValue] = {
        EVALUATION_NAME: row.name,
        EVALUATION_VALUE: row.value,
        EVALUATION_LABEL: row.label,
        EVALUATION_EXPLANATION: row.explanation,
        I2E_SCORE_ID: row.score_id,
        I2E_SCORE_SOURCE: row.source,
        I2E_SCORER_VERSION: row.scorer_version,
    }
    return LogRecord(
        timestamp=round(row.created_at.timestamp() * 1_000_000_000),
        context=_under(row),
        severity_number=SeverityNumber.INFO,
        attributes={name: value for name, value in values.items() if value is not None},
        event_name=EVALUATION_EVENT,
    )


def _under(row: ScoreRow) -> Context:
    """A context whose current span is the one that was scored."""
    span = SpanContext(
        trace_id=int(row.trace_id, 16),
        span_id=int(row.span_id or "0", 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(NonRecordingSpan(span), Context())
