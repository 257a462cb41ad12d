"""Content that lies elsewhere: `gen_ai.input.messages_ref` and the like hold the address of a file with it.

Written by the upload hook of `opentelemetry-util-genai` onto the span and its `operation.details` event (read in
1.3b0, `_upload/completion_hook.py`).
"""

from __future__ import annotations

from typing import Final

from otel_i2e import semconv
from otel_i2e.models import SpanRow
from otel_i2e.normalize.messages import Content
from otel_i2e.normalize.raw import Json, RawSpan

__all__ = ["OFFLOADED", "addresses_in", "put_offloaded"]

OFFLOADED: Final = "offloaded"
"""The candidate that holds addresses, by column; it is no column itself."""
_COLUMNS: Final = {
    f"{semconv.INPUT_MESSAGES}_ref": "input_messages",
    f"{semconv.OUTPUT_MESSAGES}_ref": "output_messages",
    f"{semconv.SYSTEM_INSTRUCTIONS}_ref": "system_instructions",
    f"{semconv.TOOL_DEFINITIONS}_ref": "tool_definitions",
}
_ROLES: Final = {"input_messages": "user", "output_messages": "assistant"}


def addresses_in(sent: Json) -> Json | None:
    """Column → address of its content, from the attributes of a span or an event; None when there is none."""
    found = {column: sent[name] for name, column in _COLUMNS.items() if isinstance(sent.get(name), str)}
    return found or None


def put_offloaded(row: SpanRow, _raw: RawSpan) -> None:
    """Put a reference where content did not come along; that stays missing, and what did come is no longer all."""
    offloaded: Json = row.pop(OFFLOADED, None) or {}
    for column, address in offloaded.items():
        if row[column] is None:
            part = _part(address)
            row[column] = Content([{"role": _ROLES[column], "parts": [part]}] if column in _ROLES else [part])
            if row["content_state"] == "full" and column != "tool_definitions":
                row["content_state"] = "truncated"


def _part(address: str) -> Json:
    mime_type = "application/jsonl" if address.endswith(".jsonl") else "application/json"
    return {"type": "uri", "modality": "document", "mime_type": mime_type, "uri": address}
