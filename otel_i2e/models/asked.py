"""What model calls of a trace asked of tools, and what later calls were told of it.

An id may come again: servers number the calls of an answer. A request with other arguments is another one; with the
same it is, if the one before was answered, or run, and else a history that was repeated. The answer is the one in its
turn: after those that the asking call had been told already.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otel_i2e.models._contract import Json
from otel_i2e.models.json_text import SORTED, dumps
from otel_i2e.models.messages import parts_of
from otel_i2e.models.span import Span

__all__ = ["Asked", "asked_for", "json_key", "response_of"]

_CALLS = ("tool_call", "server_tool_call")
_ANSWERS = ("tool_call_response", "server_tool_call_response")


@dataclass(slots=True)
class Asked:
    """A request of a model."""

    span: Span
    """The model call."""
    id: str | None
    name: str
    arguments: Any
    given: str | None
    """The arguments as JSON; None without any."""
    answer: Json | None = None
    """The part with what came back."""


def json_key(value: Any) -> str | None:
    """A value as JSON text, to compare it."""
    return None if value is None else dumps(value, SORTED)


def response_of(part: Json) -> Any:
    """What an answer says."""
    return part.get("response", part.get("server_tool_call_response"))


def asked_for(calls: Sequence[Span], runs: Sequence[Span], later: Sequence[Sequence[Span]] = ()) -> list[Asked]:
    """The requests of `calls` in order, each once, with their answers; `runs` are those that did not fail.

    `later` are the next traces of the conversation: they may have been told what these calls were not.
    """
    told = [_told(call.input_messages) for call in calls]
    inside = [_told(call.output_messages) for call in calls]
    ran = Counter((run.tool_call_id, run.tool_name or run.name, json_key(run.tool_arguments)) for run in runs)
    asked: list[Asked] = []
    times: Counter[Any] = Counter()
    first_told: dict[Any, int] = {}
    of_id: Counter[str] = Counter()
    for place, call in enumerate(calls):
        beside: Counter[str] = Counter()
        for one in _requests(call):
            if one.id is None:
                asked.append(one)
                continue
            key = (one.id, one.name, one.given)
            times[key] += 1
            known = len(told[place][one.id])
            before = first_told.setdefault(key, known)
            again = not inside[place][one.id] and known - before >= times[key] - 1
            if times[key] == 1 or ran[key] >= times[key] or again:
                beside[one.id] += 1
                of_id[one.id] += 1
                one.answer = _answer(one.id, max(known + beside[one.id], of_id[one.id]), place, told, inside)
                one.answer = one.answer or _told_later(one.id, told[place], later)
                asked.append(one)
    return asked


def _told(messages: Sequence[Json] | None) -> defaultdict[Any, list[Json]]:
    """Id of a call → its answers among `messages`."""
    found: defaultdict[Any, list[Json]] = defaultdict(list)
    for part in _parts(messages, _ANSWERS):
        found[part.get("id")].append(part)
    return found


def _requests(call: Span) -> Iterator[Asked]:
    for part in _parts(call.output_messages, _CALLS):
        arguments = part.get("arguments", part.get("server_tool_call"))
        yield Asked(call, part.get("id"), str(part.get("name") or ""), arguments, json_key(arguments))


def _parts(messages: Sequence[Json] | None, kinds: Sequence[str]) -> Iterator[Json]:
    for part in parts_of(messages):
        if part.get("type") in kinds:
            yield part


def _answer(
    id: str,
    expected: int,
    place: int,
    told: Sequence[defaultdict[Any, list[Json]]],
    inside: Sequence[defaultdict[Any, list[Json]]],
) -> Json | None:
    """The answer that is expected, of the first call that was told it; else the last one that is new, of the next call
    with one.
    """
    known = [response_of(part) for part in told[place][id]]
    later = [inside[place][id], *(one[id] for one in told[place + 1 :])]
    exact = next((parts[expected - 1] for parts in later if len(parts) >= expected), None)
    new = (part for parts in later for part in reversed(parts) if response_of(part) not in known)
    return exact or next(new, None)


def _told_later(id: str, told: Mapping[Any, list[Json]], later: Sequence[Sequence[Span]]) -> Json | None:
    """The last answer that is new, of the next call of a later turn with one."""
    known = [response_of(part) for part in told.get(id, ())]
    calls = (span for trace in later for span in trace if span.kind == "llm" and span.duplicate_of is None)
    told_later = (part for call in calls for part in reversed(_told(call.input_messages)[id]))
    return next((part for part in told_later if response_of(part) not in known), None)
