"""Whether a subject has what a scorer needs: what was not recorded is never scored as if it were empty."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from functools import cache
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.models import Outcome, Span, Subject
from otel_i2e.redact import MARKER_BEGINS, taken_out

__all__ = [
    "CONTENT",
    "Gaps",
    "answer_cut",
    "calls_cut",
    "gaps_of",
    "in_doubt",
    "is_partial",
    "missing",
    "nothing_done",
    "redacted",
]

Gaps = tuple[tuple[Outcome, Callable[[Subject], str | None]], ...]
"""Ways in which a subject may lack what a scorer needs: the outcome then, and the reason, or None when it is there."""

CONTENT: Final = frozenset({"input", "messages", "output", "documents", "tool_calls", "conversation"})
"""Parameters that may have been cut when they were recorded."""
_UNSEEN: Final = ("missing", "redacted")
_UNKNOWN: Final = "other"
"""Kind of a span of which even that may have been cut."""
_NOTHING: Final = frozenset[str]()
_ANSWER: Final = frozenset({"output", "tool_calls"})
_SAID: Final = frozenset({"output", "conversation", "span"})
"""Parameters that show what was answered."""
_SAID_TO_IT: Final = frozenset(
    {
        semconv.INPUT_VALUE,
        semconv.INPUT_MESSAGES,
        semconv.SYSTEM_INSTRUCTIONS,
        semconv.TOOL_DEFINITIONS,
    }
)
"""Attributes that hold nothing of the answer."""
_CAME_OF_IT: Final = frozenset({semconv.OUTPUT_VALUE, semconv.TOOL_CALL_RESULT})
"""Attributes of a tool's run that hold nothing of what it was called with."""


def missing(subject: Subject, required: frozenset[str]) -> tuple[Outcome, str] | None:
    """How an attempt ends that lacks one of the `required` parameters, with the reason; None when all are there."""
    for outcome, lacks in gaps_of(required):
        if (reason := lacks(subject)) is not None:
            return outcome, reason
    return None


@cache
def gaps_of(required: frozenset[str]) -> Gaps:
    """What may be missing of the `required` parameters: how an attempt ends then, and what gives the reason."""
    return tuple(
        (Outcome.NOT_APPLICABLE if name in ("case", "expected") else Outcome.NO_CONTENT, _CHECKS[name])
        for name in sorted(required & _CHECKS.keys())
    )


def is_partial(span: Span) -> bool:
    """Whether a part of it may not be there: cut when it was recorded, or taken out of the answer by the redactor."""
    return span.content_state == "truncated" or MARKER_BEGINS in (span.output_text or "")


def redacted(subject: Subject, needs: Collection[str]) -> str | None:
    """What the redactor took out of the answer that is among `needs`, one line; None when it took out nothing."""
    if _SAID.isdisjoint(needs) or not (kinds := taken_out(subject.span.output_text or "")):
        return None
    return f"of the answer the redactor took out {', '.join(sorted(set(kinds)))}, and what was there is not known"


def in_doubt(subject: Subject, needs: Collection[str], *, verdict: bool) -> str | None:
    """Why this verdict is not certain that looked at `needs`, of which a part is not there; None when it is.

    A positive check that fails of a part that was cut is left to fail, as ever.
    """
    if "span" in needs:  # what it looks at of the span is not known
        needs = {*needs, "output"}
    return answer_cut(subject, needs) if verdict else redacted(subject, needs)


def answer_cut(subject: Subject, needs: Collection[str], *, sees_redacted: bool = False) -> str | None:
    """Why what is absent from content among `needs` may stand in a part that was cut, or that the redactor took out
    (unless it `sees_redacted`), one line; None when it cannot.
    """
    if "tool_calls" not in needs and not is_partial(subject.span):
        return None
    if not sees_redacted and (why := redacted(subject, needs)) is not None:
        return why
    looked_at = CONTENT.intersection(needs)
    spans = [subject.span] if looked_at - {"tool_calls"} else []
    if "tool_calls" in looked_at:  # what a model asked for, run or not
        spans += [span for span in _spans(subject) if span.kind == "llm"]
    for span in spans:
        if span.content_state == "truncated" and not (looked_at <= _ANSWER and _is_cut_in(span, _SAID_TO_IT)):
            what = "the answer" if span is subject.span else f"a model call ({span.span_id})"
            return f"{what} was cut when it was recorded, and what is absent from a part may be in the rest"
    return None


def calls_cut(subject: Subject, *, results: bool = False) -> str | None:
    """Why tool calls of the trace, or what they were called with, may stand in a part that was cut; None when they
    cannot. With `results`, or what came of them.
    """
    for span in _spans(subject):
        if span.content_state != "truncated" or span.kind not in ("llm", "tool", _UNKNOWN):
            continue
        if not _is_cut_in(span, _SAID_TO_IT if span.kind == "llm" else _NOTHING if results else _CAME_OF_IT):
            return f"tool calls of this trace ({span.kind} span {span.span_id}) were cut when they were recorded"
    return None


def nothing_done(trace: Iterable[Span]) -> str | None:
    """Why a trace tells nothing of what was done in it, one line; None when it has a model call or a tool's run."""
    if any(span.kind in ("llm", "tool") for span in trace):
        return None
    return "neither a model call nor a tool's run was recorded in this trace, so what was called is not known"


def _is_cut_in(span: Span, attributes: frozenset[str]) -> bool:
    """Whether all that was cut of a span is said to be in these attributes."""
    marker: Any = (span.attributes or {}).get(semconv.I2E_CONTENT_TRUNCATED)
    try:
        marks: Any = json.loads(marker) if isinstance(marker, str) else marker
    except (ValueError, RecursionError):  # somebody else's marker, which names nothing
        return False
    return isinstance(marks, dict) and bool(marks) and attributes.issuperset(marks)  # pyright: ignore[reportUnknownArgumentType] -- keys of JSON


def _input(subject: Subject) -> str | None:
    return None if subject.input is not None else _no(subject, "input text")


def _messages(subject: Subject) -> str | None:
    return None if subject.span.input_messages is not None else _no(subject, "input messages")


def _output(subject: Subject) -> str | None:
    return None if subject.span.output_text is not None else _no(subject, "output text")


def _documents(subject: Subject) -> str | None:
    recorded = False
    for span in [subject.span] if subject.span.documents else _spans(subject):
        recorded = recorded or span.documents is not None
        is_source = span.documents is not None or span.kind in ("retrieval", _UNKNOWN)
        if is_source and span.content_state == "truncated" and not _is_cut_in(span, _SAID_TO_IT):
            return f"documents of this trace ({span.kind} span {span.span_id}) were cut when they were recorded"
    return None if recorded else "no documents were recorded in this trace"


def _tool_calls(subject: Subject) -> str | None:
    unseen = next((s for s in _spans(subject) if s.kind == "llm" and s.content_state in _UNSEEN), None)
    if unseen is None:
        return None
    return f"a model call of this trace ({unseen.span_id}) was recorded without content, so its tool calls are unknown"


def _conversation(subject: Subject) -> str | None:
    turns = subject.conversation
    unseen = next((number for number, turn in enumerate(turns, 1) if not turn.is_recorded), None)
    return None if unseen is None else f"turn {unseen} of {len(turns)} was recorded without content"


def _duration(subject: Subject) -> str | None:
    return None if subject.duration_ms is not None else "the span has no end time"


def _usage(subject: Subject) -> str | None:
    return None if any(span.kind == "llm" for span in _spans(subject)) else "the trace has no model call"


def _case(subject: Subject) -> str | None:
    return None if subject.case is not None else "there is no case outside an evaluation"


def _expected(subject: Subject) -> str | None:
    return None if subject.expected is not None else "nothing says what is expected"


def _spans(subject: Subject) -> tuple[Span, ...]:
    return subject.trace or (subject.span,)


def _no(subject: Subject, what: str) -> str:
    return f"the span has no {what} (content is {subject.span.content_state})"


_CHECKS: Final[dict[str, Callable[[Subject], str | None]]] = {
    "input": _input,
    "messages": _messages,
    "output": _output,
    "documents": _documents,
    "tool_calls": _tool_calls,
    "conversation": _conversation,
    "duration_ms": _duration,
    "usage": _usage,
    "case": _case,
    "expected": _expected,
}
