"""Strands Agents: OpenTelemetry's names and events with Bedrock's blocks in them, and the schema of a tool on its run.

Read in `strands-agents` 1.62.0, `telemetry/tracer.py`, and seen on the wire in both of its modes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.messages import tool_definitions
from otel_i2e.normalize.raw import RawLog, RawSpan
from otel_i2e.normalize.readers import object_of

__all__ = ["STRANDS"]

_STATUS: Final = "gen_ai.tool.status"
"""What the tool's result says; the span's own status is OK unless the tool raised."""
_SCHEMA: Final = "gen_ai.tool.json_schema"


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    """A run carries the definition of its tool; the model call does not."""
    failed: Facts = {"status": "error"} if raw.attributes.get(_STATUS) == "error" else {}
    schema = object_of(raw.attributes.get(_SCHEMA))
    if schema is None:
        return failed
    name, described = (raw.attributes.get(key) for key in (semconv.TOOL_NAME, "gen_ai.tool.description"))
    defined = tool_definitions([{"name": name, "description": described, "parameters": schema}])
    return {**failed, "tool_definitions": defined}


STRANDS: Final = Dialect(
    name="strands",
    names=r"gen_ai\.tool\.json_schema$",
    scopes=("strands.telemetry.tracer",),
    read=_read,
)
