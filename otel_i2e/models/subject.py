"""What a scorer sees: a span with its trace, and the case when there is one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from otel_i2e.models._contract import Contract, Json
from otel_i2e.models.case import Case
from otel_i2e.models.document import Document
from otel_i2e.models.messages import parts_of
from otel_i2e.models.span import Span
from otel_i2e.models.tool import ToolCall

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
        calls = [self.span] if self.span.kind == "llm" else [s for s in self.trace if _is_call(s)]
        costs = [call.cost_usd for call in calls]
        return Usage(
            input_tokens=sum(call.input_tokens or 0 for call in calls),
            output_tokens=sum(call.output_tokens or 0 for call in calls),
            cost_usd=sum(cost for cost in costs if cost is not None) if costs and None not in costs else None,
        )

    @cached_property
    def tool_calls(self) -> list[ToolCall]:
        """Every tool call of the subject's trace: asked for by the model, run by the application, or both."""
        return _tool_calls(self.trace or (self.span,))


def _is_call(span: Span) -> bool:
    return span.kind == "llm" and span.duplicate_of is None


def _tool_calls(trace: tuple[Span, ...]) -> list[ToolCall]:
    executed = [span for span in trace if span.kind == "tool" and span.duplicate_of is None]
    by_id = {span.tool_call_id: span for span in executed if span.tool_call_id}
    results = {
        part.get("id"): part.get("response")
        for span in trace
        if _is_call(span)
        for part in parts_of(span.input_messages, type="tool_call_response")
    }
    calls: list[ToolCall] = []
    used: set[str] = set()
    seen: set[str] = set()
    for span in trace:
        for part in parts_of(span.output_messages, type="tool_call") if _is_call(span) else ():
            call_id = part.get("id")
            if call_id in seen:
                continue
            if call_id:
                seen.add(call_id)
            ran = (by_id.get(call_id) if call_id else None) or _unnamed_run(executed, used, part.get("name"))
            if ran is not None:
                used.add(ran.span_id)
            calls.append(_requested(span, part, ran, results.get(call_id)))
    calls += [_ran(span) for span in executed if span.span_id not in used]
    return calls


def _unnamed_run(executed: list[Span], used: set[str], name: object) -> Span | None:
    """The first execution of `name` that carries no call id and answers no other call."""
    for span in executed:
        if not span.tool_call_id and span.tool_name == name and span.span_id not in used:
            return span
    return None


def _requested(span: Span, part: Json, ran: Span | None, result: Any) -> ToolCall:
    return ToolCall(
        id=part.get("id"),
        name=str(part.get("name") or ""),
        arguments=part.get("arguments"),
        result=ran.tool_result if ran is not None and ran.tool_result is not None else result,
        is_error=ran is not None and ran.status == "error",
        requested_by=span.span_id,
        executed_by=ran.span_id if ran is not None else None,
    )


def _ran(span: Span) -> ToolCall:
    return ToolCall(
        id=span.tool_call_id,
        name=span.tool_name or span.name,
        arguments=span.tool_arguments,
        result=span.tool_result,
        is_error=span.status == "error",
        executed_by=span.span_id,
    )
