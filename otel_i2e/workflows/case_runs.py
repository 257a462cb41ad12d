"""Running a task over cases: each run in a trace of its own, as production would be traced.

A run's root span is named after the case and carries the input and the output. It and every span below
carry the experiment, the case and the repeat. An async task runs on one event loop, any other in a
daemon thread of its own, so that one which never comes back cannot keep the process alive.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from hashlib import sha256
from typing import Final, NamedTuple, TypeVar

from opentelemetry import context as otel_context
from opentelemetry.trace import Span, StatusCode, Tracer, format_span_id, format_trace_id

from otel_i2e.capture import with_attributes
from otel_i2e.models import Case
from otel_i2e.semconv import (
    ERROR_TYPE,
    I2E_CASE_ID,
    I2E_CONTENT_TRUNCATED,
    I2E_EXPERIMENT_ID,
    I2E_KIND,
    I2E_REPEAT,
    INPUT_MIME_TYPE,
    INPUT_VALUE,
    OUTPUT_MIME_TYPE,
    OUTPUT_VALUE,
)
from otel_i2e.values import as_text
from otel_i2e.workflows.tasks import Task, awaited, joined

__all__ = ["Planned", "Ran", "run_cases"]

T = TypeVar("T")
_LONGEST_ERROR: Final = 500


class Planned(NamedTuple):
    """A run that is to be made."""

    case: Case
    """The case."""
    repeat: int
    """From 0."""


class Ran(NamedTuple):
    """A run that was made."""

    case: Case
    """The case."""
    repeat: int
    """From 0."""
    trace_id: str
    """32 hex digits; all zeros when nothing was recorded."""
    span_id: str
    """Of the root span."""
    error: str | None
    """Why the task gave nothing, one line."""


async def run_cases(
    planned: Iterable[Planned],
    task: Task,
    *,
    tracer: Tracer,
    experiment_id: str,
    concurrency: int,
    timeout: float,
    on_ran: Callable[[Ran], None],
) -> None:
    """Run `task` for everything planned, at most `concurrency` at once, each for at most `timeout` seconds.

    `on_ran` is called on the event loop for each run that ended, in order of their ends. A task's error
    is a Ran with `error`; nothing is raised. When cancelled, runs under way are given up and not told.
    """
    waiting = iter(planned)

    async def work() -> None:
        for case, repeat in waiting:
            marks = {I2E_EXPERIMENT_ID: experiment_id, I2E_CASE_ID: case.id, I2E_REPEAT: repeat}
            with _root_span(case, tracer, marks) as span:
                ids = span.get_span_context()
                error = await _attempt(case, task, span, timeout)
            on_ran(Ran(case, repeat, format_trace_id(ids.trace_id), format_span_id(ids.span_id), error))

    async with asyncio.TaskGroup() as group:
        for _ in range(max(1, concurrency)):
            group.create_task(work())


async def _attempt(case: Case, task: Task, span: Span, timeout: float) -> str | None:
    """Call the task and note what came of it on the span; gives the error in one line."""
    try:
        async with asyncio.timeout(timeout):
            output = task.call(case) if task.is_async else await _in_thread(lambda: joined(task.call(case)))
            output = await awaited(output)
    except TimeoutError as error:
        return _failed(span, error, _one_line(str(error)) or f"no answer within {timeout:g} s")
    except (Exception, SystemExit, asyncio.CancelledError) as error:  # the task is anybody's code
        if isinstance(error, asyncio.CancelledError) and _is_cancelled():
            raise
        return _failed(span, error, _one_line(str(error)))
    if output is not None:
        value, mime = as_text(output)
        span.set_attributes({OUTPUT_VALUE: value, OUTPUT_MIME_TYPE: mime})
        _mark_cut(span, value)
    return None


def _mark_cut(span: Span, output: str) -> None:
    """Say so where the SDK cut the output (OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT), which it does without a word."""
    recorded: Mapping[str, object] = getattr(span, "attributes", None) or {}  # the API's Span does not show them
    kept = recorded.get(OUTPUT_VALUE)
    if isinstance(kept, str) and len(kept) < len(output):
        whole = output.encode("utf-8", "replace")
        cut = {OUTPUT_VALUE: {"bytes": len(whole), "sha256": sha256(whole).hexdigest()}}
        span.set_attribute(I2E_CONTENT_TRUNCATED, json.dumps(cut))


@contextmanager
def _root_span(case: Case, tracer: Tracer, marks: Mapping[str, str | int]) -> Generator[Span]:
    value, mime = as_text(case.input)
    token = otel_context.attach(otel_context.Context())
    try:
        with with_attributes(marks):
            attributes = {I2E_KIND: "chain", INPUT_VALUE: value, INPUT_MIME_TYPE: mime}
            with tracer.start_as_current_span(
                case.id, attributes=attributes, record_exception=False, set_status_on_exception=False
            ) as span:
                yield span
    finally:
        otel_context.detach(token)


async def _in_thread(function: Callable[[], T]) -> T:
    """What `function` gives, from a daemon thread that shares this context; given up when this is cancelled."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[tuple[T | None, BaseException | None]] = loop.create_future()
    context = copy_context()

    def tell(result: T | None, error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result((result, error))

    def work() -> None:
        try:
            outcome = context.run(function), None
        except BaseException as error:  # noqa: BLE001 -- raised again where it is waited for
            outcome = None, error
        try:
            loop.call_soon_threadsafe(tell, *outcome)
        except RuntimeError:  # the loop has gone: this run was given up
            return

    threading.Thread(target=work, name="i2e-case", daemon=True).start()
    result, error = await ended
    if error is not None:
        raise error if isinstance(error, Exception | SystemExit) else RuntimeError(f"{type(error).__name__}: {error}")
    return result  # pyright: ignore[reportReturnType] -- without an error there is a result


def _failed(span: Span, error: BaseException, text: str) -> str:
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    span.record_exception(error)
    span.set_attribute(ERROR_TYPE, type(error).__name__)
    span.set_status(StatusCode.ERROR, said)
    return said


def _is_cancelled() -> bool:
    """Whether somebody stopped this run; a cancellation that leaked out of the task is its error."""
    running = asyncio.current_task()
    return running is not None and running.cancelling() > 0


def _one_line(text: str) -> str:
    flat = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    return flat if len(flat) <= _LONGEST_ERROR else flat[: _LONGEST_ERROR - 1] + "…"
