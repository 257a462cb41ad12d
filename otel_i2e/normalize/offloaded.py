"""Content that lies elsewhere: `gen_ai.input.messages_ref` and the like hold the address of a file with it.

Written by the upload hook of `opentelemetry-util-genai` (read in 1.3b0, `_upload/completion_hook.py`).
"""

from __future__ import annotations

from typing import Final

from otel_i2e import semconv
from otel_i2e.models import SpanRow
from otel_i2e.normalize.messages import Content
from otel_i2e.normalize.raw import Json, RawSpan

__all__ = ["put_offloaded"]

_ROLES: Final = {
    "input_messages": (f"{semconv.INPUT_MESSAGES}_ref", "user"),
    "output_messages": (f"{semconv.OUTPUT_MESSAGES}_ref", "assistant"),
}
_INSTRUCTIONS: Final = f"{semconv.SYSTEM_INSTRUCTIONS}_ref"


def put_offloaded(row: SpanRow, raw: RawSpan) -> None:
    """Put a reference where the messages would stand; the content itself stays missing."""
    if row["content_state"] != "missing":
        return
    for column, (name, role) in _ROLES.items():
        if isinstance(address := raw.attributes.get(name), str):
            row[column] = Content([{"role": role, "parts": [_part(address)]}])
    if row["system_instructions"] is None and isinstance(address := raw.attributes.get(_INSTRUCTIONS), str):
        row["system_instructions"] = Content([_part(address)])


def _part(address: str) -> Json:
    mime_type = "application/jsonl" if address.endswith(".jsonl") else "application/json"
    return {"type": "uri", "modality": "document", "mime_type": mime_type, "uri": address}
