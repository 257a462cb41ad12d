"""Running one scorer on one subject: the same way online, in a backfill and in an evaluation."""

from __future__ import annotations

import asyncio
import inspect
import math
import signal
import threading
import traceback
from collections.abc import Awaitable, Coroutine, Sequence
from functools import partial
from time import perf_counter
from typing import Any, Final

from otel_i2e.errors import JudgeError, JudgeLeftOut, ScorerError
from otel_i2e.models import Attempt, Json, Judge, Outcome, Score, Subject
from otel_i2e.score.answer import NotRecorded, answer_of, checked, is_verdict, passed
from otel_i2e.score.content import CONTENT, in_doubt, is_partial
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.storable import one_line
from otel_i2e.score.time_limit import calls_in_thread, is_suspended, limited, suspended, too_late

__all__ = ["begin", "run_functions", "run_scorer"]

_LONGEST: Final = 600.0
"""Seconds after which a judge is given up, whatever its own timeout and repeats, so that it cannot stop the others."""
_made: Final = Attempt.trusting()
_SCORED: Final = Outcome.SCORED
_PLAIN: Final = (Score, bool, int, float, str, type(None))
"""What most scorers return: neither awaitable nor a scalar of another library, and not worth asking."""


async def run_scorer(scorer: Scorer, subject: Subject, *, judge: Judge | None = None, timeout: float = 30.0) -> Attempt:
    """Try `scorer` on `subject`. Never raises: what goes wrong is an Attempt with `Outcome.ERROR` and one line.

    A scorer of the project that takes longer than `timeout` seconds is such an error; 0 is no limit.
    """
    if scorer.blocks:
        (made,) = await run_functions([(scorer, subject)], timeout=timeout)
        return made
    begun = begin(scorer, subject, judge, timeout)
    return begun if isinstance(begun, Attempt) else await begun


def begin(
    scorer: Scorer, subject: Subject, judge: Judge | None, timeout: float
) -> Attempt | Coroutine[Any, Any, Attempt]:
    """The attempt, as `run_scorer` makes it, or what is to be awaited for it: a check in code needs no event loop.

    For scorers that do not block (`Scorer.blocks`).
    """
    for outcome, lacks in scorer.gaps:
        if (reason := lacks(subject)) is not None:
            return _attempt(_said(scorer, outcome, reason if outcome is Outcome.NO_CONTENT else None))
    began = perf_counter()
    try:
        if scorer.needs_judge or scorer.function is not None:
            _check_ready(scorer, judge, timeout)
        result = scorer.ask(subject, judge)
        if type(result) is Score:  # of every check in code
            said = _scored(scorer, subject, checked(result), scorer.threshold)
        elif not isinstance(result, _PLAIN) and inspect.isawaitable(result):
            return _awaited(scorer, subject, result, timeout, began)
        else:
            said = _ended(scorer, subject, result)
    except BaseException as error:  # a scorer is anybody's code
        if _is_from_outside(error):
            raise
        said = _failure(scorer, error)
    return _attempt(said, perf_counter() - began)


async def run_functions(
    tries: Sequence[tuple[Scorer, Subject]], *, timeout: float = 30.0, until: float = math.inf
) -> list[Attempt]:
    """Try plain functions of the project, which may block, one after the other: attempts of the first of them.

    At least one, and as many as a short turn allows, none of which begins after `until` (`time.monotonic()`). Never
    raises. Many at once, because it is the change between threads that costs.
    """
    calls = [partial(_begin_in_thread, scorer, subject, timeout) for scorer, subject in tries]
    if is_suspended(tries[0][0]):  # it is not called: no thread for that
        made, is_late = [calls[0]()], False
    else:
        made, is_late = await calls_in_thread(calls, timeout, until)
    attempts = [begun if isinstance(begun, Attempt) else await begun for begun in made]
    if is_late:
        scorer = tries[len(made)][0]
        attempts.append(_attempt(_failure(scorer, too_late(scorer, timeout)), timeout))
    return attempts


def _begin_in_thread(scorer: Scorer, subject: Subject, timeout: float) -> Attempt | Coroutine[Any, Any, Attempt]:
    try:
        return begin(scorer, subject, None, timeout)
    except BaseException as error:  # noqa: BLE001 -- no Ctrl-C and no cancellation reaches a thread: it is the scorer's
        return _attempt(_failure(scorer, error))


async def _awaited(scorer: Scorer, subject: Subject, result: Awaitable[Any], timeout: float, began: float) -> Attempt:
    try:
        if scorer.function is not None:
            given = await limited(scorer, result, timeout)
        else:
            async with asyncio.timeout(_LONGEST):
                given = await result
        said = _ended(scorer, subject, given)
    except BaseException as error:  # a scorer is anybody's code
        if _is_from_outside(error):
            raise
        said = _failure(scorer, error)
    return _attempt(said, perf_counter() - began)


def _check_ready(scorer: Scorer, judge: Judge | None, timeout: float) -> None:
    if scorer.function is not None and is_suspended(scorer):
        raise suspended(scorer, timeout)
    if scorer.needs_judge and judge is None:
        raise JudgeError("there is no judge to ask")


def _ended(scorer: Scorer, subject: Subject, result: Any) -> Json:
    """What the attempt says that gave `result`. ScorerError when that is nothing that a scorer returns."""
    if not isinstance(result, _PLAIN) and hasattr(result, "item") and callable(result.item):
        result = result.item()  # a scalar of numpy or torch
    score, model, cost = answer_of(result)
    model = model or scorer.model
    if score is None:
        said = _said(scorer, Outcome.NOT_APPLICABLE)
    else:
        threshold = _threshold_of(scorer, result)
        said = _scored(scorer, subject, score, threshold)
    if model is not None or cost is not None:  # another library's, perhaps
        said["model"], said["cost_usd"] = model and str(model), None if cost is None else float(cost)
    return said


def _threshold_of(scorer: Scorer, result: Any) -> float | None:
    """What the score is held against: a false bool passes at no threshold."""
    given = scorer.threshold
    return 1.0 if is_verdict(result) and (given is None or given <= 0) else given


def _scored(scorer: Scorer, subject: Subject, score: Score, threshold: float | None) -> Json:
    """What the attempt says that gave `score`: nothing measured, where a verdict is not certain of a part."""
    verdict, span = passed(score, threshold), subject.span
    if (
        verdict is not None
        and verdict not in scorer.certain
        and is_partial(span)
        and (why := in_doubt(subject, scorer.needs, verdict=verdict))
    ):
        return _said(scorer, Outcome.NO_CONTENT, why)
    if span.content_state == "truncated" and not CONTENT.isdisjoint(scorer.needs):
        score = score.model_copy(update={"metadata": {**score.metadata, "content": "truncated"}})
    said = scorer.stamp.copy()
    said["outcome"], said["score"], said["threshold"], said["passed"] = _SCORED, score, threshold, verdict
    return said


def _failure(scorer: Scorer, error: BaseException) -> Json:
    """What the attempt says that raised `error`."""
    if isinstance(error, NotRecorded):
        return _said(scorer, Outcome.NO_CONTENT, one_line(str(error)))
    if isinstance(error, JudgeLeftOut):
        return _said(scorer, Outcome.LEFT_OUT, one_line(str(error)))
    if isinstance(error, JudgeError):
        known = {"is_passing": error.is_passing, "model": error.model, "cost_usd": error.cost_usd}
        return _said(scorer, Outcome.ERROR, one_line(str(error))) | known
    late = scorer.needs_judge and isinstance(error, TimeoutError)
    return _said(scorer, Outcome.ERROR, _described(error, scorer)) | {"is_passing": late}


def _said(scorer: Scorer, outcome: Outcome, error: str | None = None) -> Json:
    """All fields of an Attempt."""
    said = scorer.stamp.copy()
    said["outcome"], said["error"] = outcome, error
    return said


def _attempt(said: Json, seconds: float | None = None) -> Attempt:
    said["duration_ms"] = None if seconds is None else seconds * 1000
    return _made(said)


def _is_from_outside(error: BaseException) -> bool:
    """Whether somebody stops this task or this process; a cancellation or interrupt of a scorer's own is its error."""
    if isinstance(error, Exception | SystemExit):
        return False
    try:
        running = asyncio.current_task()
    except RuntimeError:  # no loop runs any more: this coroutine is being closed
        return True
    if isinstance(error, asyncio.CancelledError | KeyboardInterrupt) and running is not None and running.cancelling():
        return True
    return isinstance(error, KeyboardInterrupt) and _is_interruptible()


def _is_interruptible() -> bool:
    """Whether Ctrl-C raises KeyboardInterrupt here: `asyncio.run` cancels its task instead, a thread hears nothing."""
    if threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _described(error: BaseException, scorer: Scorer) -> str:
    """The error as one line, with the line of the scorer's file that it passed last."""
    if scorer.function is None and isinstance(error, TimeoutError) and not str(error):
        return f"no result within {_LONGEST:g} s"
    text = str(error) if isinstance(error, ScorerError) else f"{type(error).__name__}: {error}"
    file = scorer.source.rpartition(":")[0]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if file and frame.filename == file]
    return one_line(f"{text} ({file}:{lines[-1]})" if lines else text)
