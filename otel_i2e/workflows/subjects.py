"""Subjects from stored rows: the one place where a scorer's view is built, online, in a backfill and offline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from otel_i2e.models import Case, Span, Subject
from otel_i2e.score import Scorer
from otel_i2e.store import Reader

__all__ = ["subjects_of"]

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def subjects_of(
    reader: Reader, spans: Sequence[Span], scorers: Collection[Scorer], *, cases: Mapping[str, Case] | None = None
) -> list[Subject]:
    """One subject for each span, in order; with its trace when one of the scorers looks beyond the span.

    `cases` has the cases of an evaluation by id; a span that was recorded for one (`case_id`) carries it.
    """
    traces: dict[str, list[Span]] = {}
    if any(scorer.needs_trace for scorer in scorers):
        traces = reader.traces({span.trace_id for span in spans})
    return [_subject(span, traces.get(span.trace_id), cases or {}) for span in spans]


def _subject(span: Span, trace: list[Span] | None, cases: Mapping[str, Case]) -> Subject:
    ordered = tuple(sorted(trace or [span], key=lambda one: (one.start_time or _BEGINNING, one.span_id)))
    return Subject(span=span, trace=ordered, case=cases.get(span.case_id or ""))
