"""The tool calls of a trace: what the model asked for, joined with what the application ran."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from otel_i2e.models.asked import Asked, asked_for, json_key, response_of
from otel_i2e.models.span import Span
from otel_i2e.models.tool import ToolCall

__all__ = ["is_call", "tool_calls_of"]


def is_call(span: Span) -> bool:
    """Whether it is a model call, and repeats none."""
    return span.kind == "llm" and span.duplicate_of is None


def tool_calls_of(trace: Sequence[Span], later: Sequence[Sequence[Span]] = ()) -> list[ToolCall]:
    """Every tool call of a trace, in order of start: asked for by the model, run by the application, or both.

    As the view `tool_calls` has them, but for runs in other traces; what came back may stand in `later`, the next
    traces of the conversation.
    """
    runs = _runs(trace)
    asked = asked_for([span for span in trace if is_call(span)], [run for run in runs if run.status != "error"], later)
    places = {span.span_id: place for place, span in enumerate(trace)}
    executed = _executed(asked, runs, places)
    used = {run.span_id for run in executed.values()}
    calls = [_requested(one, executed.get(number)) for number, one in enumerate(asked)]
    return calls + [_ran(span) for span in runs if span.span_id not in used]


def _executed(asked: Sequence[Asked], runs: Sequence[Span], places: Mapping[str, int]) -> dict[int, Span]:
    """Number of each request → its run: by the call's id, by name and arguments, by name in turn; the last."""
    of_id: defaultdict[str | None, list[int]] = defaultdict(list)
    for number, one in enumerate(asked):
        of_id[one.id].append(number)
    found: dict[int, Span] = {}
    for run in runs:
        numbers = of_id[run.tool_call_id] if run.tool_call_id else []
        if numbers:
            here = places[run.span_id]
            found[min(numbers, key=lambda n: _distance(asked[n], run, places[asked[n].span.span_id] - here))] = run
    unnamed = [run for run in runs if not run.tool_call_id]
    found |= _in_turn(
        {n: (one.name, one.given) for n, one in enumerate(asked) if n not in found and one.given}, unnamed
    )
    used = {run.span_id for run in found.values()}
    left = [run for run in unnamed if run.span_id not in used]
    return found | _in_turn({n: (one.name,) for n, one in enumerate(asked) if n not in found}, left)


def _in_turn(keys: Mapping[int, tuple[str | None, ...]], runs: Sequence[Span]) -> dict[int, Span]:
    """Number → the run that says the same of itself, each run once."""
    waiting: defaultdict[tuple[str | None, ...], deque[Span]] = defaultdict(deque)
    length = len(next(iter(keys.values()), ()))
    for run in runs:
        waiting[(_name(run), json_key(run.tool_arguments))[:length]].append(run)
    return {number: waiting[key].popleft() for number, key in keys.items() if waiting[key]}


def _distance(one: Asked, run: Span, ahead: int) -> tuple[bool, bool, int]:
    return one.given != json_key(run.tool_arguments), ahead > 0, abs(ahead)


def _runs(trace: Sequence[Span]) -> list[Span]:
    """Runs of tools. A run inside of a run of the same tool is the same, and the outer one has what it knows; so is one
    of the same call that another library saw, while the outer one lasted.
    """
    runs = [span for span in trace if span.kind == "tool" and span.duplicate_of is None]
    by_span = {span.span_id: span for span in runs}
    inside: defaultdict[str, list[Span]] = defaultdict(list)
    of_call: defaultdict[str, list[Span]] = defaultdict(list)
    for span in runs:
        of_call[span.tool_call_id or ""].append(span)
    for span in runs:
        around = by_span.get(span.parent_span_id or "")
        if around is not None and _is_same_run(around, span):
            inside[around.span_id].append(span)
        for other in of_call[span.tool_call_id] if span.tool_call_id else ():
            if other is not around and _lasted_around(other, span):
                inside[other.span_id].append(span)
    inner = {span.span_id for found in inside.values() for span in found}
    return [_with(span, inside.get(span.span_id, [])) for span in runs if span.span_id not in inner]


def _is_same_run(around: Span, inside: Span) -> bool:
    ids = {around.tool_call_id, inside.tool_call_id} - {None}
    apart = inside.span_id in (around.span_id, around.parent_span_id)
    return not apart and len(ids) < 2 and _name(around) == _name(inside)


def _lasted_around(around: Span, inside: Span) -> bool:
    """Whether another library saw the run while this one saw it."""
    if around.scope_name == inside.scope_name or _name(around) != _name(inside):
        return False
    times = (around.start_time, around.end_time), (inside.start_time, inside.end_time)
    (start, end), (own_start, own_end) = times
    if start is None or end is None or own_start is None or own_end is None:
        return False
    first = times[0] != times[1] or around.span_id < inside.span_id
    return start <= own_start and own_end <= end and first


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


def _requested(one: Asked, ran: Span | None) -> ToolCall:
    told = one.answer or {}
    return ToolCall(
        id=one.id,
        name=one.name,
        arguments=one.arguments,
        result=ran.tool_result if ran is not None and ran.tool_result is not None else response_of(told),
        is_error=(ran is not None and ran.status == "error") or told.get("is_error") is True,
        requested_by=one.span.span_id,
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
