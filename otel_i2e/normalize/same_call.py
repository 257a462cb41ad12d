"""What two rows of model calls have in common, and which span stands where."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.models import SpanRow

__all__ = ["RAW_REQUEST", "Group", "Key", "at_once", "counts", "differ", "is_late", "is_wire", "key_of"]

Key = tuple[str, str]
"""Trace id and span id."""
Group = list[SpanRow]
"""Rows of one call."""

RAW_REQUEST: Final = "raw_gen_ai_request"
"""LiteLLM's span of what crossed the wire."""
_NATIVE: Final = "com.anthropic."
_LATE: Final = "streaming response from "


def key_of(row: SpanRow) -> Key:
    """Identity of a row."""
    return row["trace_id"], row["span_id"]


def is_wire(row: SpanRow) -> bool:
    """Whether the span was made where the request left: its ids and counts are the provider's own."""
    return row["name"] == RAW_REQUEST or (row["scope_name"] or "").startswith(_NATIVE)


def is_late(row: SpanRow) -> bool:
    """Whether the span is the answer of a call that another span began, as Logfire has it of streams."""
    return row["name"].startswith(_LATE) and (row["scope_name"] or "").startswith("logfire")


def differ(one: Any, other: Any) -> bool:
    """Whether both are known, and not the same."""
    return bool(one and other and one != other)


def counts(row: SpanRow) -> tuple[int, int] | None:
    """Input and output tokens; None when one of them was not counted."""
    if row["input_tokens"] is None or row["output_tokens"] is None:
        return None
    return row["input_tokens"], row["output_tokens"]


def at_once(one: SpanRow, other: SpanRow) -> bool:
    """Whether the times overlap."""
    return one["start_time"] <= other["end_time"] and other["start_time"] <= one["end_time"]
