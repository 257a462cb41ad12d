"""What people say of spans, to hold a judge against."""

from __future__ import annotations

from datetime import datetime

from otel_i2e.models._contract import Contract

__all__ = ["Label"]


class Label(Contract):
    """One person's verdict on one span, about what one scorer looks at. The latest of a reviewer counts."""

    label_id: str
    """Unique."""
    trace_id: str
    """The span's trace."""
    span_id: str
    """The span."""
    case_id: str | None = None
    """The case, when the span is a run of one."""
    scorer: str
    """Name of the scorer whose question was answered."""
    passed: bool
    """Whether the span passes, in the reviewer's eyes."""
    reviewer: str
    """Who."""
    note: str | None = None
    """Why."""
    created_at: datetime
    """UTC."""
    judge: str | None = None
    """Name of the judge prompt behind the scorer, when it asks one."""
