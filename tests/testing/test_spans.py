"""Builders of spans."""

from __future__ import annotations

from otel_i2e.models import SPAN_COLUMNS, Document, Span, Subject, ToolCall
from otel_i2e.testing import agent_span, llm_span, retrieval_span, row_of, tool_span, trace_of


def test_a_row_reads_back_as_the_same_span() -> None:
    """`row_of` is what the store takes: every column, JSON as text, and nothing lost."""
    call = ToolCall(id="toolu_1", name="search", arguments={"query": "laptop"})
    span = llm_span("Hi", "Hello", system="Be brief.", documents=["one"], tool_calls=[call], repeat=2)
    row = row_of(span)
    assert set(row) == set(SPAN_COLUMNS)
    assert isinstance(row["input_messages"], str)
    assert Span.from_row(row) == span


def test_a_column_given_by_name_wins() -> None:
    """Any column can be said; the rest is filled in."""
    span = llm_span(output_tokens=7, response_model="other", duration_ms=250.0)
    assert (span.output_tokens, span.response_model, span.input_tokens) == (7, "other", 100)
    assert span.start_time is not None
    assert span.end_time is not None
    assert (span.end_time - span.start_time).total_seconds() == 0.25


def test_missing_content_is_missing() -> None:
    """None leaves content out and says so."""
    span = llm_span(None, None)
    assert (span.input_messages, span.output_messages, span.content_state) == (None, None, "missing")


def test_a_trace_is_read_as_one_subject() -> None:
    """Documents and tool calls of a built trace are found from its root."""
    call = ToolCall(id="toolu_1", name="search", arguments={"query": "laptop"})
    turn = trace_of(
        agent_span("May I return it?", "Within 30 days."),
        llm_span("May I return it?", None, tool_calls=[call]),
        tool_span("search", {"query": "laptop"}, "30 days", tool_call_id="toolu_1"),
        retrieval_span("laptop", ["30 days", Document(id="faq", content="No.")]),
    )
    subject = Subject(span=turn[0], trace=turn)
    assert len({span.trace_id for span in turn}) == 1
    assert [document.id for document in subject.documents] == ["doc-1", "faq"]
    (found,) = subject.tool_calls
    assert (found.result, found.requested_by, found.executed_by) == ("30 days", turn[1].span_id, turn[2].span_id)
