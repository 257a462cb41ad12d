"""The tool calls of a trace: what the model asked for, joined with what the application ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from otel_i2e.models._contract import Json
from otel_i2e.models.messages import parts_of
from otel_i2e.models.span import Span
from otel_i2e.models.tool import ToolCall

__all__ = ["is_call", "tool_calls_of"]


def is_call(span: Span) -> bool:
    """Whether it is a model call, and repeats none."""
    return span.kind == "llm" and span.duplicate_of is None


def tool_calls_of(trace: Sequence[Span]) -> list[ToolCall]:
    """Every tool call of a trace: asked for by the model, run by the application, or both."""
    executed = [span for span in trace if span.kind == "tool" and span.duplicate_of is None]
    by_id = {span.tool_call_id: span for span in executed if span.tool_call_id}
    results = {
        part.get("id"): part.get("response")
        for span in trace
        if is_call(span)
        for part in parts_of(span.input_messages, type="tool_call_response")
    }
    calls: list[ToolCall] = []
    used: set[str] = set()
    seen: set[str] = set()
    for span in trace:
        for part in parts_of(span.output_messages, type="tool_call") if is_call(span) else ():
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
