"""From findings and traces to proposals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from otel_i2e.errors import QueryError
from otel_i2e.models import Case, Query, Span, ToolCall
from otel_i2e.promote import Finding, Outcome, Proposal, propose
from otel_i2e.testing import agent_span, llm_span, retrieval_span, tool_span, trace_of

QUERY = Query(
    name="low_score",
    description="Low scores.",
    kind="promote",
    sql="SELECT 1",
    hash="4f1c00000000",
    path="queries/low_score.sql",
    defaults={"priority": "P0", "failure_mode": "hallucination", "tags": "policy, returns"},
)


def _turn(question: str = "Can I return a laptop after 90 days?") -> tuple[Span, ...]:
    call = ToolCall(id="c1", name="search", arguments={"q": "laptop"})
    return trace_of(
        agent_span(question, "Yes, 120 days."),
        retrieval_span("laptop", ["Laptops: 30 days."]),
        tool_span("search", {"q": "laptop"}, "found", tool_call_id="c1"),
        llm_span(question, "Yes, 120 days.", tool_calls=[call], prompt_name="support", prompt_version="3"),
    )


def _propose(
    traces: Sequence[Sequence[Span]], position: int = -1, known: Sequence[Case] = (), **finding: Any
) -> list[Proposal]:
    findings = [Finding(trace_id=t[0].trace_id, span_id=t[position].span_id, **finding) for t in traces]
    return propose(findings, {t[0].trace_id: t for t in traces}, known, query=QUERY)


def test_a_case_keeps_what_the_failure_was() -> None:
    """Input, documents, tool calls, label, source, model, prompt version, query and hash."""
    trace = _turn()
    (proposal,) = _propose([trace], found={"value": 0.1})
    case = proposal.case
    assert case is not None
    assert case.origin is not None
    assert (proposal.outcome, case.id) == (Outcome.PROPOSED, "can-i-return-a-laptop-after-90-days")
    assert case.input == "Can I return a laptop after 90 days?"
    assert [document.content for document in case.context.documents] == ["Laptops: 30 days."]
    assert case.context.tools == [{"name": "search", "arguments": {"q": "laptop"}, "result": "found"}]
    assert (case.priority, case.failure_mode, case.tags) == ("P0", "hallucination", ["policy", "returns"])
    assert case.metadata == {"found": {"value": 0.1}}
    assert case.origin.model_dump(exclude_none=True) == {
        "trace_id": trace[0].trace_id, "span_id": trace[3].span_id, "query": "low_score@4f1c00000000",
        "output": "Yes, 120 days.", "model": "claude-sonnet-5", "prompt_name": "support", "prompt_version": "3",
    }  # fmt: skip


def test_a_new_case_checks_nothing_yet() -> None:
    """What must hold is the reviewer's to say."""
    (proposal,) = _propose([_turn()])
    assert proposal.case is not None
    assert not proposal.case.checks_something
    assert proposal.case.expected is None


def test_the_rows_fields_win_over_the_header() -> None:
    """A query may set a priority per row."""
    (proposal,) = _propose([_turn()], fields={"priority": "P2", "failure_mode": "tone"})
    assert proposal.case is not None
    assert (proposal.case.priority, proposal.case.failure_mode) == ("P2", "tone")


def test_the_same_failure_twice_is_one_proposal() -> None:
    """Within one query and against what is there; the case that has the input is named."""
    twins = _propose([_turn(), _turn("can i return a LAPTOP after 90 days? ")])
    assert [proposal.outcome for proposal in twins] == [Outcome.PROPOSED, Outcome.DUPLICATE]
    assert twins[1].duplicate_of == "can-i-return-a-laptop-after-90-days"
    known = Case(id="old-name", input="Can I return a laptop after 90 days?")
    (again,) = _propose([_turn()], known=[known])
    assert (again.outcome, again.duplicate_of, again.case) == (Outcome.DUPLICATE, "old-name", None)


def test_ids_do_not_collide_with_known_cases() -> None:
    """Another input has the name: a suffix tells them apart."""
    known = Case(id="can-i-return-a-laptop-after-90-days", input="something else")
    (proposal,) = _propose([_turn()], known=[known])
    assert proposal.case is not None
    assert proposal.case.id.startswith("can-i-return-a-laptop-after-90-days-")


def test_a_finding_about_a_whole_trace_takes_the_entry() -> None:
    """Feedback names no span."""
    trace = _turn()
    (proposal,) = propose([Finding(trace_id=trace[0].trace_id)], {trace[0].trace_id: trace}, [])
    assert proposal.case is not None
    assert proposal.case.origin is not None
    assert proposal.case.origin.span_id == trace[0].span_id
    assert proposal.case.origin.model == "claude-sonnet-5"


def test_a_whole_trace_of_model_calls_takes_the_last() -> None:
    """An application with nothing but the one import."""
    first = llm_span("Can I?", "Let me see.")
    last = llm_span("Can I?", "Yes.", trace_id=first.trace_id)
    (proposal,) = propose([Finding(trace_id=first.trace_id)], {first.trace_id: [first, last]}, [])
    assert proposal.case is not None
    assert proposal.case.origin is not None
    assert proposal.case.origin.output == "Yes."


def test_what_came_after_the_failure_is_not_its_context() -> None:
    """A later turn of the same trace had other documents."""
    trace = _turn()
    late = retrieval_span("later", ["Later."], trace_id=trace[0].trace_id, parent_span_id=trace[0].span_id)
    began = trace[3].start_time
    assert began is not None
    late = late.model_copy(update={"start_time": began + timedelta(seconds=5)})
    (proposal,) = _propose([(*trace[:3], trace[3], late)], position=3)
    assert proposal.case is not None
    assert [document.content for document in proposal.case.context.documents] == ["Laptops: 30 days."]


def test_earlier_turns_are_kept_when_the_entry_took_only_the_question() -> None:
    """They are not the task's input, but nothing is lost."""
    turns = [("user", "Hi"), ("assistant", "Hello!"), ("user", "Can I?")]
    messages = [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in turns]
    trace = trace_of(agent_span("Can I?", "Yes."), llm_span(None, "Yes.", input_messages=messages))
    (proposal,) = _propose([trace])
    assert proposal.case is not None
    assert proposal.case.input == "Can I?"
    assert [turn["content"] for turn in proposal.case.metadata["messages"]] == ["Hi", "Hello!", "Can I?"]


def test_what_cannot_be_promoted_is_said() -> None:
    """No trace, no such span, no recorded input: each is an outcome of its own."""
    silent = (llm_span(None, None),)
    findings = [Finding(trace_id="gone"), Finding(trace_id=silent[0].trace_id, span_id="gone")]
    findings.append(Finding(trace_id=silent[0].trace_id))
    proposals = propose(findings, {silent[0].trace_id: silent}, [])
    assert [proposal.outcome for proposal in proposals] == [Outcome.NO_TRACE, Outcome.NO_TRACE, Outcome.NO_INPUT]
    assert proposals[2].note == "content is missing"


def test_content_that_was_cut_is_said() -> None:
    """A reviewer must know that the input may not be whole."""
    (proposal,) = _propose([(llm_span("Can I", content_state="truncated"),)])
    assert proposal.note == "content was cut when it was recorded: complete it"


def test_redactors_run_before_ids_and_duplicates() -> None:
    """What is taken out is not in the id either."""

    def no_names(case: Case) -> Case:
        assert isinstance(case.input, str)
        return case.model_copy(update={"input": case.input.replace("Ada", "NAME").replace("Bob", "NAME")})

    traces = {span.trace_id: [span] for span in (llm_span("I am Ada, can I?"), llm_span("I am Bob, can I?"))}
    findings = [Finding(trace_id=trace_id) for trace_id in traces]
    one, two = propose(findings, traces, [], redactors=[no_names])
    assert one.case is not None
    assert (one.case.id, two.duplicate_of) == ("i-am-name-can-i", "i-am-name-can-i")


def test_a_field_that_no_case_has_is_one_line_with_the_query() -> None:
    """The file, the field, the value and the rule."""
    with pytest.raises(
        QueryError, match=r"queries/low_score.sql: priority = 'P9' is not valid in a case: Input should"
    ):
        _propose([_turn()], fields={"priority": "P9"})
