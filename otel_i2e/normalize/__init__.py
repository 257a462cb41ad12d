"""OTLP bytes → spans in canonical form, whichever dialect they were written in. Pure.

decode_traces ──► RawSpan ──► normalize_span ──► SpanRow
                               │ candidates per column from every dialect present, the best wins
                               └ steps: identity, times, outcome, kind, usage, messages, texts, hash
"""

from __future__ import annotations

from otel_i2e.normalize.calls_around import traces_with_gaps
from otel_i2e.normalize.candidates import is_content
from otel_i2e.normalize.decode import decode_logs, decode_traces, refusal
from otel_i2e.normalize.duplicates import MATCHED_BY, RICHNESS, Linked, duplicate_links, linked_calls
from otel_i2e.normalize.evaluations import (
    evaluated_answer,
    evaluation_refusal,
    event_scores,
    is_evaluation,
    named_answer,
    placed,
    score_of,
    scores_of,
)
from otel_i2e.normalize.merged import MERGED, merged
from otel_i2e.normalize.raw import RawEvent, RawLink, RawLog, RawSpan
from otel_i2e.normalize.same_call import counts, failed, is_call, is_late, is_wire, key_of, place
from otel_i2e.normalize.shared_text import within_bounds
from otel_i2e.normalize.shorten import shorten_log, shorten_span
from otel_i2e.normalize.slim import slim_log, slim_span
from otel_i2e.normalize.span import normalize_span
from otel_i2e.normalize.stored import log_of, log_text, raw_of

__all__ = [
    "MATCHED_BY",
    "MERGED",
    "RICHNESS",
    "Linked",
    "RawEvent",
    "RawLink",
    "RawLog",
    "RawSpan",
    "counts",
    "decode_logs",
    "decode_traces",
    "duplicate_links",
    "evaluated_answer",
    "evaluation_refusal",
    "event_scores",
    "failed",
    "is_call",
    "is_content",
    "is_evaluation",
    "is_late",
    "is_wire",
    "key_of",
    "linked_calls",
    "log_of",
    "log_text",
    "merged",
    "named_answer",
    "normalize_span",
    "place",
    "placed",
    "raw_of",
    "refusal",
    "score_of",
    "scores_of",
    "shorten_log",
    "shorten_span",
    "slim_log",
    "slim_span",
    "traces_with_gaps",
    "within_bounds",
]
