"""What the SDK cut of spans below the one that is scored: documents and tool calls of which there is only a part."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import pytest
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_i2e.capture.encode import Encoder
from otel_i2e.models import Attempt, JudgeField, JudgePrompt, Outcome, Span, Subject
from otel_i2e.normalize import decode_traces, normalize_span
from otel_i2e.score import Scorer, run_scorer, scorer
from otel_i2e.score.catalogue import BUILT_IN
from otel_i2e.score.checks.judge import judge_scorer
from otel_i2e.testing import ScriptedJudge, agent_span, llm_span, retrieval_span, tool_span, trace_of

DOCUMENT: Final = "Laptops may be returned within 30 days of delivery, in their box, with the receipt."
ORDER: Final = json.dumps({"order": "A-1042", "reason": "The screen flickers, and the box was open."})
ANSWER: Final = 'You have 30 days: "in their box, with the receipt" [a].'
SCHEMA: Final = {"refund": {"type": "object", "required": ["order", "reason"]}}


@scorer
def reads_documents(documents: list[Any]) -> bool:
    """A scorer of the project."""
    return bool(documents)


def _judge(*fields: JudgeField) -> Scorer:
    choices: dict[str, float | None] = {"good": 1.0, "bad": 0.0}
    return judge_scorer(
        JudgePrompt(
            name="j", choices=choices, fields=fields, threshold=1, model="m", max_tokens=9, text="?", path="j.md"
        )
    )


def _scorers() -> dict[str, Scorer]:
    return {
        "cites": BUILT_IN["cites_documents"]({}),
        "quotes": BUILT_IN["quotes_documents"]({}),
        "overlap": BUILT_IN["word_overlap"](0.1),
        "grounded": _judge("output", "documents"),
        "project": reads_documents,
        "arguments": BUILT_IN["tool_arguments"]({"tools": SCHEMA}),
        "acts": _judge("output", "tool_calls"),
    }


def _recorded(limits: SpanLimits) -> tuple[Span, ...]:
    """A trace of the real SDK with these limits, as it is stored."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("app")
    found = {
        "openinference.span.kind": "RETRIEVER",
        "retrieval.documents.0.document.id": "a",
        "retrieval.documents.0.document.content": DOCUMENT,
        "input.value": "laptop",
    }
    ran = {"openinference.span.kind": "TOOL", "tool.name": "refund", "input.value": ORDER, "output.value": "done"}
    with tracer.start_as_current_span("answer", attributes={"openinference.span.kind": "AGENT"}) as root:
        tracer.start_span("search", attributes=found).end()
        tracer.start_span("refund", attributes=ran).end()
        root.set_attribute("output.value", ANSWER)
    body, _ = Encoder().traces(kept.get_finished_spans())
    rows = [normalize_span(raw) for raw in decode_traces(body, "protobuf")]
    return tuple(sorted((Span.from_row(row) for row in rows), key=lambda span: span.parent_span_id is not None))


def _tried(name: str, trace: tuple[Span, ...]) -> Attempt:
    judge = ScriptedJudge("good")
    return asyncio.run(run_scorer(_scorers()[name], Subject(span=trace[0], trace=trace), judge=judge))


@pytest.mark.parametrize("name", sorted(_scorers()))
def test_what_the_sdk_cut_of_a_child_is_not_measured(name: str) -> None:
    """A value that is too long, and attributes beyond the highest number: neither a pass nor a fail."""
    whole = _tried(name, _recorded(SpanLimits(max_span_attribute_length=500)))
    assert (whole.outcome, whole.passed) == (Outcome.SCORED, True), whole.error
    for limits in (SpanLimits(max_span_attribute_length=60), SpanLimits(max_span_attributes=2)):
        cut = _tried(name, _recorded(limits))
        assert (cut.outcome, cut.passed) == (Outcome.NO_CONTENT, None), limits
        assert cut.error


CUT: Final[dict[str, Any]] = {"content_state": "truncated"}


@pytest.mark.parametrize(
    ("check", "argument", "outcome"),
    [
        ("tool_called", "look", Outcome.SCORED),
        ("tool_called", "refund", Outcome.NO_CONTENT),
        ("tool_order", ["look", "look"], Outcome.SCORED),
        ("tool_order", ["look", "refund"], Outcome.NO_CONTENT),
        ("tool_not_called", "look", Outcome.SCORED),
        ("tool_not_called", "refund", Outcome.ERROR),
        ("tools_ran", True, Outcome.NO_CONTENT),
        ("no_loops", 1, Outcome.NO_CONTENT),
    ],
)
def test_of_some_tool_calls_only_what_is_there_is_said(check: str, argument: Any, outcome: Outcome) -> None:
    """What was called is known; what was not, and whether two calls were the same, is not."""
    tools = [tool_span("look", {"a": 1}, "ok"), tool_span("look", {"a": 1}, "ok")]
    trace = trace_of(agent_span(), llm_span(**CUT), *tools)
    assert asyncio.run(run_scorer(BUILT_IN[check](argument), Subject(span=trace[0], trace=trace))).outcome is outcome


@pytest.mark.parametrize(
    ("cut", "outcome"),
    [("output.value", Outcome.SCORED), ("input.value", Outcome.NO_CONTENT), (None, Outcome.NO_CONTENT)],
)
def test_a_long_result_hides_no_arguments(cut: str | None, outcome: Outcome) -> None:
    """Where a marker says that only what came back was cut."""
    marks = {"i2e.content.truncated": json.dumps({cut: {"characters": 9}})} if cut else {}
    trace = trace_of(agent_span(), tool_span("refund", json.loads(ORDER), "ok", attributes=marks, **CUT))
    check = BUILT_IN["tool_arguments"]({"tools": SCHEMA})
    assert asyncio.run(run_scorer(check, Subject(span=trace[0], trace=trace))).outcome is outcome


def test_documents_of_a_whole_retrieval_are_measured_beside_another_span_that_was_cut() -> None:
    """And those of a retrieval whose question alone was cut."""
    check = BUILT_IN["cites_documents"]({})
    document: Any = [{"id": "a", "content": DOCUMENT}]
    marks = {"i2e.content.truncated": json.dumps({"input.value": {"characters": 9}})}
    for trace in (
        trace_of(agent_span("q", ANSWER), llm_span(**CUT), retrieval_span("q", document)),
        trace_of(agent_span("q", ANSWER), retrieval_span("q", document, attributes=marks, **CUT)),
    ):
        assert asyncio.run(run_scorer(check, Subject(span=trace[0], trace=trace))).passed is True
