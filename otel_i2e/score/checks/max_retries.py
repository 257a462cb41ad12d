"""`max_retries`: no call of the trace was made again, after it had failed, more often than this."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from pydantic import Field

from otel_i2e.models import Contract, Score, Span
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.identity import hash_of
from otel_i2e.score.scorer import Scorer

__all__ = ["max_retries"]

_KINDS: Final = ("llm", "tool", "retrieval", "embedding")


class Limit(Contract):
    """How many."""

    count: int = Field(ge=0)
    """Retries of one call, at most."""
    kind: Literal["llm", "tool", "retrieval", "embedding"] | None = None
    """Only calls of this kind."""


def max_retries(argument: Any) -> Scorer:
    """`1`, or `{"count": 2, "kind": "llm"}`. A retry is a call with the input of one that had failed by then."""
    limit = read_argument("max_retries", Limit, argument, short="count")

    def check(trace: list[Span]) -> Score:
        """No call of the trace was made again, after it had failed, more often than this."""
        kinds = _KINDS if limit.kind is None else (limit.kind,)
        made = dict[tuple[str, str], list[Span]]()
        for span in trace:
            if span.kind in kinds and span.duplicate_of is None:
                made.setdefault(_call(span, trace), []).append(span)
        retries = [(name, count) for (name, _), calls in made.items() if (count := sum(_retried(calls)))]
        said = ", ".join(f"{name} {count} times" if count > 1 else f"{name} once" for name, count in retries)
        most = max((count for _, count in retries), default=0)
        return Score(value=float(most <= limit.count), explanation=f"made again: {said or 'none'}")

    return check_scorer("max_retries", check, limit, title=f"{limit.count} {limit.kind or ''}".strip(), negative=True)


def _call(span: Span, trace: list[Span]) -> tuple[str, str]:
    """What makes two calls the same: what is called, and its input. The model may be another: a fallback."""
    name = span.tool_name or span.name if span.kind == "tool" else span.kind
    given = span.tool_arguments if span.kind == "tool" else span.input_messages or span.input_text
    if given is None and span.status == "error" and any(_is_later(span, other) for other in trace):
        raise NotRecorded(
            f"{span.name} failed ({span.span_id}) and its input was not recorded, so what repeats it is not known"
        )
    return name, hash_of([span.kind, given if given is not None else span.span_id])


def _is_later(span: Span, other: Span) -> bool:
    """Whether `other` may repeat `span`, as far as can be told without their inputs."""
    return other.kind == span.kind and other.tool_name == span.tool_name and _after(span, other)


def _retried(calls: list[Span]) -> Iterator[bool]:
    """For each call but the first: whether it follows one that failed."""
    for at, call in enumerate(calls[1:], 1):
        yield any(before.status == "error" and _after(before, call) for before in calls[:at])


def _after(one: Span, other: Span) -> bool:
    if one is other or other.start_time is None:
        return False
    ended = one.end_time or one.start_time
    return ended is not None and ended <= other.start_time
