"""What a promotion query found, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from otel_i2e.models import SPAN_COLUMNS, Case, Contract, Json

__all__ = ["CASE_COLUMNS", "Finding", "Outcome", "Proposal", "finding_of"]

CASE_COLUMNS: Final = ("priority", "severity", "failure_mode", "suite", "tags", "expected", "scorers")
"""Columns of a promotion query that set the field of the same name; `label` sets `failure_mode` too."""
_LONGEST: Final = 500


class Finding(Contract):
    """One row of a promotion query, or one span that was named by hand."""

    trace_id: str
    """The trace."""
    span_id: str | None = None
    """The span; None when the row is about the whole trace, such as user feedback."""
    fields: Json = Field(default_factory=dict[str, Any])
    """Case fields that the row gives; they win over the query's header."""
    found: Json = Field(default_factory=dict[str, Any])
    """The row's other computed values, for the reviewer: a score, an explanation."""


class Outcome(StrEnum):
    """What became of a finding."""

    PROPOSED = "proposed"
    DUPLICATE = "duplicate"
    """A case with the same input is there already, in any state of review."""
    NO_TRACE = "no_trace"
    """The store has no such trace or span."""
    NO_INPUT = "no_input"
    """No input was recorded, so there is nothing to run again."""


class Proposal(Contract):
    """A finding and what became of it."""

    finding: Finding
    """Where it came from."""
    outcome: Outcome
    """What became of it."""
    case: Case | None = None
    """The new case, when `outcome` is `proposed`."""
    duplicate_of: str | None = None
    """Id of the case that has the same input, when `outcome` is `duplicate`."""
    note: str | None = None
    """What a reviewer must know, such as content that was cut when it was recorded."""


def finding_of(row: Mapping[str, Any]) -> Finding:
    """The finding in a row with `trace_id` and `span_id` (which may be NULL).

    Columns of `spans` are not copied: the span itself is read. Only plain values are kept, text up to
    500 characters.
    """
    fields = {name: row[name] for name in CASE_COLUMNS if row.get(name) is not None}
    if "failure_mode" not in fields and row.get("label"):
        fields["failure_mode"] = str(row["label"])
    found = {
        name: value[:_LONGEST] if isinstance(value, str) else value
        for name, value in row.items()
        if name not in SPAN_COLUMNS and name not in CASE_COLUMNS and isinstance(value, str | int | float | bool)
    }
    return Finding(trace_id=str(row["trace_id"]), span_id=row.get("span_id") or None, fields=fields, found=found)
