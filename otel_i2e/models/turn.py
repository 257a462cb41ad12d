"""A turn of a conversation: what the user said and what came back."""

from __future__ import annotations

from datetime import datetime

from otel_i2e.models._contract import Contract
from otel_i2e.models.tool import ToolCall

__all__ = ["Turn"]


class Turn(Contract):
    """One turn. Of a trace, or of the messages of a case or a call, which say less."""

    input: str | None = None
    """What the user said; None when it was not recorded."""
    output: str | None = None
    """The answer; None when it was not recorded, or the turn failed."""
    tool_calls: tuple[ToolCall, ...] = ()
    """The tool calls on the way to the answer."""
    error: str | None = None
    """Why the turn failed, of one that ended in an error."""
    trace_id: str | None = None
    """Its trace; None of a turn that is only known from messages."""
    span_id: str | None = None
    """The span that stands for it, the root as a rule."""
    start_time: datetime | None = None
    """UTC."""

    @property
    def is_recorded(self) -> bool:
        """Whether both sides are known; a turn that failed needs no answer."""
        return self.input is not None and (self.output is not None or self.error is not None)
