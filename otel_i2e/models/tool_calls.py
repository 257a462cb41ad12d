"""The tool calls of a trace: what the model asked for, joined with what the application ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

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
    executed = _runs(trace)
    by_id = {span.tool_call_id: span for span in executed if span.tool_call_id}
    answers = {
        part.get("id"): part
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
            calls.append(_requested(span, part, ran, answers.get(call_id) or {}))
    calls += [_ran(span) for span in executed if span.span_id not in used]
    return calls


def _runs(trace: Sequence[Span]) -> list[Span]:
    """Runs of tools. A run inside of a run of the same tool is the same, and the outer one has what it knows."""
    runs = [span for span in trace if span.kind == "tool" and span.duplicate_of is None]
    by_span = {span.span_id: span for span in runs}
    inside: defaultdict[str, list[Span]] = defaultdict(list)
    for span in runs:
        around = by_span.get(span.parent_span_id or "")
        if around is not None and _is_same_run(around, span):
            inside[around.span_id].append(span)
    inner = {span.span_id for found in inside.values() for span in found}
    return [_with(span, inside.get(span.span_id, [])) for span in runs if span.span_id not in inner]


def _is_same_run(around: Span, inside: Span) -> bool:
    ids = {around.tool_call_id, inside.tool_call_id} - {None}
    apart = inside.span_id in (around.span_id, around.parent_span_id)
    return not apart and len(ids) < 2 and _name(around) == _name(inside)


def _name(span: Span) -> str:
    return span.tool_name or span.name


def _with(span: Span, inside: Sequence[Span]) -> Span:
    """The run with what it lacks of those inside: of results the last."""
    if not inside:
        return span
    known = {
        "tool_call_id": [span, *inside],
        "tool_arguments": [span, *inside],
        "tool_result": [span, *reversed(inside)],
    }
    return span.model_copy(
        update={
            name: next((value for one in ordered if (value := getattr(one, name)) is not None), None)
            for name, ordered in known.items()
        }
    )


def _unnamed_run(executed: list[Span], used: set[str], name: object) -> Span | None:
    """The first execution of `name` that carries no call id and answers no other call."""
    for span in executed:
        if not span.tool_call_id and span.tool_name == name and span.span_id not in used:
            return span
    return None


def _requested(span: Span, part: Json, ran: Span | None, answer: Json) -> ToolCall:
    return ToolCall(
        id=part.get("id"),
        name=str(part.get("name") or ""),
        arguments=part.get("arguments"),
        result=ran.tool_result if ran is not None and ran.tool_result is not None else answer.get("response"),
        is_error=(ran is not None and ran.status == "error") or answer.get("is_error") is True,
        requested_by=span.span_id,
        executed_by=ran.span_id if ran is not None else None,
    )


def _ran(span: Span) -> ToolCall:
    return ToolCall(
        id=span.tool_call_id,
        name=_name(span),
        arguments=span.tool_arguments,
        result=span.tool_result,
        is_error=span.status == "error",
        executed_by=span.span_id,
    )
