"""A scorer's view of stored rows."""

from __future__ import annotations

from otel_i2e.models import Case
from otel_i2e.score import scorer, standalone
from otel_i2e.testing import agent_span, llm_span, retrieval_span, temporary_store, trace_of
from otel_i2e.workflows.subjects import subjects_of


@scorer
def _of_the_trace(trace: list[object]) -> bool:
    return bool(trace)


@scorer
def _of_the_span(output: str) -> bool:
    return bool(output)


ROOT, SEARCH, CALL = trace_of(agent_span(), retrieval_span("q", ["30 days."]), llm_span(case_id="c", experiment_id="e"))


def test_the_trace_is_loaded_when_a_scorer_looks_at_it() -> None:
    """Whole and in order of start, whatever the order in which it was stored."""
    with temporary_store([CALL, ROOT, SEARCH]) as store, store.read() as reader:
        spans = reader.spans("kind = 'llm'")
        (whole,) = subjects_of(reader, spans, [_of_the_trace, _of_the_span])
        (alone,) = subjects_of(reader, spans, [_of_the_span])
    assert [span.span_id for span in whole.trace] == [ROOT.span_id, SEARCH.span_id, CALL.span_id]
    assert [document.content for document in whole.documents] == ["30 days."]
    assert alone.trace == (alone.span,)


def test_the_order_of_the_spans_is_kept_and_ties_have_one_order() -> None:
    """Spans of one start are ordered by id, so that every caller sees the same."""
    twins = [llm_span(trace_id=CALL.trace_id, start_time=CALL.start_time) for _ in range(4)]
    with temporary_store([*twins, CALL]) as store, store.read() as reader:
        spans = sorted(reader.spans(), key=lambda span: span.span_id, reverse=True)
        subjects = subjects_of(reader, spans, [_of_the_trace])
    assert [subject.span.span_id for subject in subjects] == [span.span_id for span in spans]
    for subject in subjects:
        assert [span.span_id for span in subject.trace] == sorted(span.span_id for span in spans)


def test_a_span_of_an_experiment_carries_its_case() -> None:
    """By the case id that it was recorded with."""
    case = Case(id="c", input="asked", expected="e")
    with temporary_store([ROOT, CALL]) as store, store.read() as reader:
        subjects = subjects_of(reader, reader.spans(), standalone(), cases={"c": case})
    assert {subject.span.kind: subject.case for subject in subjects} == {"agent": None, "llm": case}
