"""Running a task over cases."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_i2e.capture.context import marks_in
from otel_i2e.models import Case
from otel_i2e.workflows.case_runs import Planned, Ran, run_cases
from otel_i2e.workflows.tasks import task_of

CASES = [Case(id=f"c{i}", input=f"question {i}") for i in range(3)]


class _Runs:
    """Runs tasks under a provider of its own and keeps what came of them."""

    def __init__(self, limits: SpanLimits | None = None) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(span_limits=limits)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")
        self.ran: list[Ran] = []

    def __call__(
        self, function: Callable[..., Any], *, cases: list[Case] = CASES, concurrency: int = 2, timeout: float = 30.0
    ) -> list[Ran]:
        asyncio.run(self.runs(function, cases=cases, concurrency=concurrency, timeout=timeout))
        return sorted(self.ran, key=lambda ran: ran.case.id)

    async def runs(
        self, function: Callable[..., Any], *, cases: list[Case] = CASES, concurrency: int = 2, timeout: float = 30.0
    ) -> None:
        await run_cases(
            [Planned(case, 0) for case in cases],
            task_of(function, "m:f"),
            tracer=self.tracer,
            experiment_id="exp-1",
            concurrency=concurrency,
            timeout=timeout,
            on_ran=self.ran.append,
        )

    def root(self, ran: Ran) -> ReadableSpan:
        spans = self.exporter.get_finished_spans()
        return next(s for s in spans if s.context is not None and f"{s.context.span_id:016x}" == ran.span_id)


@pytest.fixture
def runs() -> _Runs:
    """A runner with nothing run yet."""
    return _Runs()


@pytest.mark.parametrize(("limit", "is_cut"), [(None, False), (20, False), (19, True)])
def test_an_answer_that_the_sdk_cuts_is_marked(limit: int | None, *, is_cut: bool) -> None:
    """It says nothing of it itself, and the rest would be taken for the whole."""
    runs = _Runs(SpanLimits(max_span_attribute_length=limit))
    (ran,) = runs(_plain, cases=[Case(id="c", input="question 1")])  # its answer has 20 characters
    attributes = runs.root(ran).attributes or {}
    assert len(str(attributes["output.value"])) == (limit or 20)
    assert ("i2e.content.truncated" in attributes) is is_cut


def _later(question: str) -> Any:
    async def answer() -> str:
        await asyncio.sleep(0)
        return f"answer to {question}"

    return answer()


async def _async(question: str) -> str:
    return f"answer to {question}"


def _plain(question: str) -> str:
    return f"answer to {question}"


def _chunks(question: str) -> Iterator[str]:
    yield "answer to "
    yield question


@pytest.mark.parametrize("function", [_plain, _async, _later, _chunks])
def test_a_run_is_a_trace_of_its_own_with_input_and_output(runs: _Runs, function: Callable[..., Any]) -> None:
    """The root span is named after the case, whatever kind of function the task is."""
    ran = runs(function)
    assert [(one.case.id, one.repeat, one.error) for one in ran] == [("c0", 0, None), ("c1", 0, None), ("c2", 0, None)]
    assert len({one.trace_id for one in ran}) == 3
    root = runs.root(ran[1])
    assert root.parent is None
    assert root.name == "c1"
    assert dict(root.attributes or {}) == {
        "i2e.span.kind": "chain",
        "input.value": "question 1",
        "input.mime_type": "text/plain",
        "output.value": "answer to question 1",
        "output.mime_type": "text/plain",
    }


def test_spans_of_the_task_are_below_the_root_and_carry_the_marks(runs: _Runs) -> None:
    """In a thread too, and an outer span of the caller is not the parent."""
    seen: list[Any] = []

    def answer(question: str) -> str:
        seen.append(dict(marks_in(None)))
        with runs.tracer.start_as_current_span("inner"):
            return question

    with runs.tracer.start_as_current_span("caller"):
        (ran,) = runs(answer, cases=CASES[:1])
    inner, root, caller = runs.exporter.get_finished_spans()
    assert inner.parent is not None
    assert inner.context is not None
    assert f"{inner.parent.span_id:016x}" == ran.span_id
    assert f"{inner.context.trace_id:032x}" == ran.trace_id
    assert root.parent is None
    assert caller.name == "caller"
    assert seen == [{"i2e.experiment.id": "exp-1", "i2e.case.id": "c0", "i2e.repeat": 0}]


def test_objects_are_recorded_as_json(runs: _Runs) -> None:
    """A conversation goes in as it is, and whatever comes out is readable."""
    case = Case(id="a", input={"messages": [{"role": "user", "content": "Hi"}]})

    def answer(conversation: dict[str, Any]) -> dict[str, Any]:
        return {"text": conversation["messages"][0]["content"]}

    (ran,) = runs(answer, cases=[case])
    attributes = dict(runs.root(ran).attributes or {})
    assert json.loads(str(attributes["input.value"])) == case.input
    assert attributes["output.value"] == '{"text": "Hi"}'


def test_an_error_of_the_task_is_recorded(runs: _Runs) -> None:
    """The others go on, and the span says what happened."""

    def answer(question: str) -> str:
        if question == "question 1":
            raise ValueError("no\nsuch \ud800 order")
        return "fine"

    ran = runs(answer)
    assert [one.error for one in ran] == [None, "ValueError: no such \\ud800 order", None]
    root = runs.root(ran[1])
    assert root.status.status_code is trace.StatusCode.ERROR
    assert (root.attributes or {})["error.type"] == "ValueError"
    assert root.events[0].name == "exception"


async def _cancels_itself(question: str) -> str:
    raise asyncio.CancelledError


def _leaves(question: str) -> str:
    raise SystemExit(3)


def _interrupts(question: str) -> str:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (_leaves, "SystemExit: 3"),
        (_cancels_itself, "CancelledError"),
        (_interrupts, "RuntimeError: KeyboardInterrupt: "),
    ],
)
def test_a_task_cannot_end_the_evaluation(runs: _Runs, function: Callable[..., Any], error: str) -> None:
    """What looks like an exit or a cancellation is the task's error; every case is run."""
    assert [(one.error or "").strip() for one in runs(function, concurrency=1)] == [error.strip()] * 3


def test_a_task_that_does_not_come_back_is_given_up(runs: _Runs) -> None:
    """A thread that hangs and a coroutine that hangs; the process is not kept."""
    stuck = threading.Event()

    def hangs(question: str) -> str:
        stuck.wait()
        return question

    async def sleeps(question: str) -> str:
        await asyncio.Event().wait()
        return question

    try:
        for function in (hangs, sleeps):
            ran = runs(function, cases=CASES[:1], timeout=0.05)
            assert ran[-1].error == "TimeoutError: no answer within 0.05 s"
    finally:
        stuck.set()


def test_no_more_than_concurrency_run_at_once(runs: _Runs) -> None:
    """And that many do run at once."""
    lock = threading.Lock()
    both = threading.Barrier(2)
    running = most = 0

    def answer(question: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(timeout=20)
        with lock:
            running -= 1
        return question

    cases = [Case(id=f"c{i}", input="x") for i in range(6)]
    ran = runs(answer, cases=cases, concurrency=2)
    assert [one.error for one in ran] == [None] * 6
    assert most == 2


def test_what_ended_before_a_cancellation_is_told(runs: _Runs) -> None:
    """Runs under way are given up and not claimed."""

    async def answer(question: str) -> str:
        if question != "question 0":
            await asyncio.Event().wait()
        return question

    async def stopped() -> None:
        running = asyncio.create_task(runs.runs(answer, concurrency=1))
        while not runs.ran:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(stopped())
    assert [one.case.id for one in runs.ran] == ["c0"]
