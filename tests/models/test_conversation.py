"""The turns of a conversation: of traces, of messages, of what a task played."""

from __future__ import annotations

from typing import Any

from otel_i2e.models import Case, Span, Subject, ToolCall
from otel_i2e.testing import agent_span, llm_span, tool_span, trace_of


def said(subject: Subject) -> list[tuple[str | None, str | None]]:
    """Both sides of each turn."""
    return [(turn.input, turn.output) for turn in subject.conversation]


def test_each_trace_of_a_dialogue_is_a_turn() -> None:
    """With its tool calls, in the order of the traces; the root speaks for it."""
    call = llm_span("wrapped prompt", "raw", tool_calls=[ToolCall(id="1", name="look", arguments={})])
    first = trace_of(agent_span("Hello?", "Hi."), call, tool_span("look", {}, "ok", tool_call_id="1"))
    second = trace_of(agent_span("And then?", None, status="error", status_message="boom"))
    subject = Subject(span=second[0], trace=second, dialogue=(first, second))
    assert said(subject) == [("Hello?", "Hi."), ("And then?", None)]
    assert [call.name for call in subject.conversation[0].tool_calls] == ["look"]
    assert subject.conversation[1].error == "boom"
    assert subject.conversation[1].is_recorded


def test_what_a_turn_asked_for_is_answered_at_the_beginning_of_the_next() -> None:
    """Each has its own answer, though all use one id and histories are repeated; the last has none yet."""
    asked = ToolCall(id="call_0", name="look", arguments={})
    answers = [
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_0", "response": f"of {turn}"}]}
        for turn in (1, 2)
    ]
    turns = [
        trace_of(agent_span(), llm_span(output=None, tool_calls=[asked], input_messages=answers[:before] or None))
        for before in (0, 1, 2)
    ]
    subject = Subject(span=turns[2][0], trace=turns[2], dialogue=tuple(turns))
    assert [[call.result for call in turn.tool_calls] for turn in subject.conversation] == [["of 1"], ["of 2"], [None]]


def test_a_turn_without_a_speaking_root_is_told_from_its_calls() -> None:
    """The last user message, and the last answer."""
    trace = trace_of(agent_span(None, None), llm_span("Q", "step"), llm_span("Q", "A"))
    assert said(Subject(span=trace[0], trace=trace)) == [("Q", "A")]


HISTORY: list[Any] = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "One"},
    {"role": "user", "parts": [{"type": "text", "content": "and a half"}]},
    {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "look", "arguments": {"a": 1}}]},
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "seen"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "First"}]},
    {"role": "user", "content": "Two"},
]


def test_a_trace_alone_has_the_turns_of_its_messages() -> None:
    """What came before as it was sent, and the answer of the span as the last one."""
    span = llm_span("Two", "Second", input_messages=HISTORY)
    subject = Subject(span=span, trace=(span,))
    assert said(subject) == [("One\nand a half", "First"), ("Two", "Second")]
    (call,) = subject.conversation[0].tool_calls
    assert (call.name, call.arguments, call.result) == ("look", {"a": 1}, "seen")


def test_a_case_with_messages_is_a_conversation() -> None:
    """The recorded text of the input does not matter: the case's own messages are read."""
    span = agent_span('{"messages": …}', "Second")
    case = Case(id="c", input={"messages": HISTORY})
    assert said(Subject(span=span, trace=(span,), case=case)) == [("One\nand a half", "First"), ("Two", "Second")]


def test_a_span_without_anything_is_one_unrecorded_turn() -> None:
    """Nothing is made up."""
    span = Span(trace_id="t", span_id="s")
    (turn,) = Subject(span=span).conversation
    assert not turn.is_recorded


def test_what_a_task_plays_below_its_case_is_a_conversation() -> None:
    """Spans directly below the case's own that name a conversation are turns, with what is below them."""
    root = agent_span("script", "done", kind="chain")
    later = {"trace_id": root.trace_id, "conversation_id": "talk"}
    first = agent_span("One", "1", parent_span_id=root.span_id, **later)
    second = agent_span("Two", "2", parent_span_id=root.span_id, start_time=first.end_time, **later)
    tool = tool_span("look", {}, "ok", parent_span_id=first.span_id, **later)
    trace = (root, first, tool, second)
    case = Case(id="c", input="script")
    subject = Subject(span=root, trace=trace, dialogue=(trace,), case=case)
    assert said(subject) == [("One", "1"), ("Two", "2")]
    assert [call.name for call in subject.conversation[0].tool_calls] == ["look"]
    assert len(Subject(span=root, trace=trace).conversation) == 1
