"""The turns of a conversation: one per trace; where one trace is all there is, one per user message before it.

In an evaluation a task may also play a whole conversation below the case's span: then each `agent` or `chain` span
directly below it that names a conversation is a turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from otel_i2e.models._contract import Json
from otel_i2e.models.case import Case
from otel_i2e.models.messages import last_text
from otel_i2e.models.span import Span
from otel_i2e.models.tool import ToolCall
from otel_i2e.models.tool_calls import is_call, tool_calls_of
from otel_i2e.models.turn import Turn

__all__ = ["turns_of"]

_PLAYED: Final = ("agent", "chain")


def turns_of(
    span: Span, trace: Sequence[Span], dialogue: Sequence[Sequence[Span]], case: Case | None = None
) -> list[Turn]:
    """The turns, the one of `span` last; `dialogue` has the traces of its conversation in order, `trace` is its own."""
    if case is not None and (played := _played(trace)):
        return [_turn(part) for part in played]
    if len(dialogue) > 1 or (dialogue and case is not None):
        return [_turn(one, dialogue[place + 1 :]) for place, one in enumerate(dialogue)]
    given = _given(case)
    *before, last = _spoken(given or _sent(span, trace)) or [Turn()]
    own = _turn(trace)
    asked = [last.input, own.input] if given else [own.input, last.input]
    output = span.output_text if span.output_text is not None else own.output
    return [*before, own.model_copy(update={"input": next((one for one in asked if one), None), "output": output})]


def _turn(trace: Sequence[Span], later: Sequence[Sequence[Span]] = ()) -> Turn:
    ids = {span.span_id for span in trace}
    root = next((span for span in trace if span.parent_span_id not in ids), trace[0])
    calls = [span for span in trace if is_call(span)]
    said = [root.input_text, last_text(root.input_messages), *(last_text(call.input_messages) for call in calls)]
    answers = [root.output_text, *(call.output_text for call in reversed(calls))]
    return Turn(
        input=next((text for text in said if text is not None), None),
        output=next((text for text in answers if text is not None), None),
        tool_calls=tuple(tool_calls_of(trace, later)),
        error=(root.status_message or root.error_type or "error") if root.status == "error" else None,
        trace_id=root.trace_id,
        span_id=root.span_id,
        start_time=root.start_time,
    )


def _played(trace: Sequence[Span]) -> list[list[Span]]:
    """The subtrees that are turns, when there are at least two."""
    ids = {span.span_id for span in trace}
    roots = [span.span_id for span in trace if span.parent_span_id not in ids]
    turns = [s for s in trace if s.parent_span_id in roots and s.kind in _PLAYED and s.conversation_id]
    return [_below(turn, trace) for turn in turns] if len(turns) > 1 else []


def _below(top: Span, trace: Sequence[Span]) -> list[Span]:
    """`top` and everything below it, in order of start: a span comes after its parent."""
    inside = {top.span_id}
    grown = True
    while grown:
        new = {span.span_id for span in trace if span.parent_span_id in inside} - inside
        inside |= new
        grown = bool(new)
    return [top, *(span for span in trace if span.span_id in inside and span is not top)]


def _given(case: Case | None) -> list[Json]:
    """The messages of the case's input."""
    given = case.input.get("messages") if case is not None and isinstance(case.input, dict) else None
    return [one for one in cast("list[Any]", given) if isinstance(one, dict)] if isinstance(given, list) else []


def _sent(span: Span, trace: Sequence[Span]) -> list[Json]:
    """The messages that the call, or the first call of the trace, was given."""
    if span.input_messages:
        return span.input_messages
    asked = (call.input_messages for call in trace if is_call(call) and call.input_messages)
    return next(asked, None) or []


def _spoken(messages: Iterable[Json]) -> list[Turn]:
    """A turn for each user message; one that follows another without an answer belongs to it."""
    turns: list[Turn] = []
    for message in messages:
        parts = _parts(message)
        text = "\n".join(str(part.get("content") or "") for part in parts if part.get("type") == "text") or None
        if message.get("role") == "user" and text is not None:
            if turns and turns[-1].output is None and not turns[-1].tool_calls:
                text = f"{turns.pop().input}\n{text}"
            turns.append(Turn(input=text))
        elif turns:
            turns[-1] = _answered(turns[-1], text if message.get("role") == "assistant" else None, parts)
    return turns


def _answered(turn: Turn, text: str | None, parts: Sequence[Json]) -> Turn:
    results = {part.get("id"): part.get("response") for part in parts if part.get("type") == "tool_call_response"}
    calls = [
        call.model_copy(update={"result": results[call.id]}) if call.id in results else call for call in turn.tool_calls
    ]
    calls += [
        ToolCall(id=part.get("id"), name=str(part.get("name") or ""), arguments=part.get("arguments"))
        for part in parts
        if part.get("type") == "tool_call"
    ]
    return turn.model_copy(update={"output": turn.output if text is None else text, "tool_calls": tuple(calls)})


def _parts(message: Json) -> list[Json]:
    """The parts, also of a message as applications write them: `{"role", "content"}`, text or blocks of text."""
    found: Any = message.get("parts", message.get("content"))
    if isinstance(found, str):
        return [{"type": "text", "content": found}]
    listed = cast("list[Any]", found) if isinstance(found, list) else []
    blocks = [cast("Json", part) for part in listed if isinstance(part, dict)]
    return [{**part, "content": part.get("content", part.get("text"))} for part in blocks]
