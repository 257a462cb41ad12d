"""What a scorer sees: documents, usage and tool calls over a span and its trace."""

from __future__ import annotations

from typing import Any

from otel_i2e.models import Case, Document, Span, Subject, ToolCall


def _span(span_id: str, **fields: Any) -> Span:
    return Span(trace_id="t" * 32, span_id=span_id, **fields)


def _asks(*calls: tuple[str, str, Any]) -> list[dict[str, Any]]:
    parts = [{"type": "tool_call", "id": call_id, "name": name, "arguments": args} for call_id, name, args in calls]
    return [{"role": "assistant", "parts": parts}]


def _answers(*results: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "parts": [{"type": "tool_call_response", "id": i, "response": r} for i, r in results]}]


def test_documents_come_from_the_span_or_else_from_its_trace() -> None:
    """A span's own documents win; without them every retrieval of the trace counts."""
    own, other = Document(id="own"), Document(id="other")
    retrieval = _span("r", kind="retrieval", documents=[other])
    assert Subject(span=_span("a", documents=[own]), trace=(retrieval,)).documents == [own]
    assert Subject(span=_span("a"), trace=(retrieval, _span("a"))).documents == [other]


def test_usage_sums_model_calls_and_leaves_duplicates_out() -> None:
    """Wrapper spans and repeated calls do not count twice."""
    trace = (
        _span("root", kind="agent", input_tokens=999),
        _span("one", kind="llm", input_tokens=10, output_tokens=1, cost_usd=0.5),
        _span("two", kind="llm", input_tokens=10, output_tokens=1, cost_usd=0.5, duplicate_of="one"),
    )
    usage = Subject(span=trace[0], trace=trace).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cost_usd) == (10, 1, 0.5)


def test_unknown_price_is_unknown_not_zero() -> None:
    """One call without a price makes the sum unknown; so does no call at all."""
    trace = (_span("a", kind="llm", cost_usd=1.0), _span("b", kind="llm"))
    assert Subject(span=_span("root"), trace=trace).usage.cost_usd is None
    assert Subject(span=_span("root")).usage.cost_usd is None


def test_tool_call_joins_request_execution_and_result() -> None:
    """One call asked for by the model and run by the application is one ToolCall."""
    trace = (
        _span("llm1", kind="llm", output_messages=_asks(("c1", "search", {"q": 1}), ("c2", "search", {"q": 2}))),
        _span("t1", kind="tool", tool_name="search", tool_call_id="c1", tool_result="ran"),
        _span("llm2", kind="llm", input_messages=_answers(("c1", "sent"), ("c2", "sent too"))),
    )
    assert Subject(span=trace[0], trace=trace).tool_calls == [
        ToolCall(id="c1", name="search", arguments={"q": 1}, result="ran", requested_by="llm1", executed_by="t1"),
        ToolCall(id="c2", name="search", arguments={"q": 2}, result="sent too", requested_by="llm1"),
    ]


def test_executions_without_ids_answer_calls_by_name_in_order() -> None:
    """Two parallel calls of one tool, run without ids, are two calls and not four."""
    trace = (
        _span("llm1", kind="llm", output_messages=_asks(("c1", "search", {"q": 1}), ("c2", "search", {"q": 2}))),
        _span("t1", kind="tool", tool_name="search", tool_result="first"),
        _span("t2", kind="tool", tool_name="search", tool_result="second"),
    )
    calls = Subject(span=trace[0], trace=trace).tool_calls
    assert [(call.id, call.result) for call in calls] == [("c1", "first"), ("c2", "second")]


def test_execution_nobody_asked_for_is_a_call_too() -> None:
    """A tool that the application ran on its own is listed, with its failure."""
    trace = (_span("t", kind="tool", tool_name="clock", status="error"),)
    assert Subject(span=trace[0], trace=trace).tool_calls == [ToolCall(name="clock", is_error=True, executed_by="t")]


def test_input_and_expectation_come_from_the_case_in_an_evaluation() -> None:
    """Online the span speaks, offline the case."""
    span = _span("a", input_text="seen")
    case = Case(id="c", input="asked", expected="answer")
    assert (Subject(span=span).input, Subject(span=span).expected) == ("seen", None)
    assert (Subject(span=span, case=case).input, Subject(span=span, case=case).expected) == ("asked", "answer")
