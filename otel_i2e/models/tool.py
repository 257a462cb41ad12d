"""A tool call: what the model asked for, what the application ran, what came back."""

from __future__ import annotations

from typing import Any

from otel_i2e.models._contract import Contract

__all__ = ["ToolCall"]


class ToolCall(Contract):
    """One tool call, joined over the model's request and the application's execution."""

    id: str | None = None
    """The provider's tool call id."""
    name: str
    """The tool's name."""
    arguments: Any = None
    """Parsed arguments; text when they were not valid JSON."""
    result: Any = None
    """What came back; None when the call never ran or nothing was recorded."""
    is_error: bool = False
    """Whether the execution failed."""
    requested_by: str | None = None
    """Span id of the model call that asked for it."""
    executed_by: str | None = None
    """Span id of the tool span that ran it; None when it was requested but never run under a span."""
