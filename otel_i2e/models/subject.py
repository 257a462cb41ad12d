"""What a scorer sees: a span with its trace, and the case when there is one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from otel_i2e.models._contract import Contract, Json
from otel_i2e.models.case import Case
from otel_i2e.models.conversation import turns_of
from otel_i2e.models.document import Document
from otel_i2e.models.span import Span
from otel_i2e.models.tool import ToolCall
from otel_i2e.models.tool_calls import is_call, tool_calls_of
from otel_i2e.models.turn import Turn

__all__ = ["Subject", "Usage"]


class Usage(Contract):
    """Tokens and money of a subject: of the call itself, or of every model call below it."""

    input_tokens: int = 0
    """All input, cached included."""
    output_tokens: int = 0
    """All output."""
    cost_usd: float | None = None
    """US dollars; None when there was no call, or one has no known price."""


class Subject(Contract):
    """One span under judgement. Online, in a backfill and offline it is built by the same code from the same rows."""

    span: Span
    """The span."""
    trace: tuple[Span, ...] = ()
    """Every span of its trace in order of start, `span` included; `(span,)` when it was not loaded."""
    dialogue: tuple[tuple[Span, ...], ...] = ()
    """The traces of its conversation in order, its own among them: in production up to its own, in an evaluation all
    of the run. Empty when they were not loaded, or nothing names a conversation."""
    case: Case | None = None
    """The case, in an evaluation."""

    @property
    def input(self) -> str | Json | None:
        """The case's input, or else the span's input text."""
        return self.case.input if self.case is not None else self.span.input_text

    @property
    def messages(self) -> list[Json]:
        """The span's input messages."""
        return self.span.input_messages or []

    @property
    def output(self) -> str | None:
        """The span's output text."""
        return self.span.output_text

    @property
    def expected(self) -> Any:
        """The case's expectation; None outside an evaluation."""
        return self.case.expected if self.case is not None else None

    @property
    def metadata(self) -> Json:
        """The case's metadata, or else the span's raw attributes."""
        return self.case.metadata if self.case is not None else (self.span.attributes or {})

    @property
    def duration_ms(self) -> float | None:
        """The span's duration in milliseconds."""
        return self.span.duration_ms

    @cached_property
    def documents(self) -> list[Document]:
        """The span's documents, or else every document retrieved in its trace, in order."""
        if self.span.documents:
            return self.span.documents
        return [document for span in self.trace for document in span.documents or ()]

    @cached_property
    def usage(self) -> Usage:
        """Of the span when it is a model call; else summed over the model calls of its trace, duplicates left out."""
        calls = [self.span] if self.span.kind == "llm" else [s for s in self.trace if is_call(s)]
        costs = [call.cost_usd for call in calls]
        return Usage(
            input_tokens=sum(call.input_tokens or 0 for call in calls),
            output_tokens=sum(call.output_tokens or 0 for call in calls),
            cost_usd=sum(cost for cost in costs if cost is not None) if costs and None not in costs else None,
        )

    @cached_property
    def tool_calls(self) -> list[ToolCall]:
        """Every tool call of the subject's trace: asked for by the model, run by the application, or both."""
        return tool_calls_of(self.trace or (self.span,))

    @cached_property
    def conversation(self) -> list[Turn]:
        """The conversation so far, this turn last: of its traces, or else of the messages of the case or the call."""
        return turns_of(self.span, self.trace or (self.span,), self.dialogue, self.case)
