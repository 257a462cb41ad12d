"""Subjects from stored rows: the one place where a scorer's view is built, online, in a backfill and offline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from otel_i2e.models import Case, Span, Subject
from otel_i2e.score import Scorer
from otel_i2e.store import Reader
from otel_i2e.workflows.dialogues import dialogues

__all__ = ["subjects_of"]

Traces = tuple[tuple[Span, ...], ...]
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def subjects_of(
    reader: Reader, spans: Sequence[Span], scorers: Collection[Scorer], *, cases: Mapping[str, Case] | None = None
) -> list[Subject]:
    """One subject for each span, in order; with its trace, or its conversation, when one of the scorers looks so far.

    `cases` has the cases of an evaluation by id; a span that was recorded for one (`case_id`) carries it.
    """
    traces: dict[str, list[Span]] = {}
    if any(scorer.needs_trace for scorer in scorers):
        traces = reader.traces({span.trace_id for span in spans})
    talks = dict[str, Traces]()
    if any(scorer.needs_conversation for scorer in scorers):
        talks = dialogues(reader, spans, traces)
    return [
        Subject(
            span=span,
            trace=_ordered(traces.get(span.trace_id) or [span]),
            dialogue=talks.get(span.span_id, ()),
            case=(cases or {}).get(span.case_id or ""),
        )
        for span in spans
    ]


def _ordered(trace: list[Span]) -> tuple[Span, ...]:
    return tuple(sorted(trace, key=lambda one: (one.start_time or _BEGINNING, one.span_id)))
