"""Running one scorer on one subject: the same way online, in a backfill and in an evaluation."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from time import perf_counter
from typing import Any, Final

from otel_i2e.errors import JudgeError, JudgeLeftOut, ScorerError
from otel_i2e.models import Attempt, Json, Judge, Outcome, Score, Subject
from otel_i2e.score.answer import NotRecorded, answer_of, passed
from otel_i2e.score.content import is_truncated, missing
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.storable import one_line
from otel_i2e.score.time_limit import limited

__all__ = ["run_scorer"]

_LONGEST: Final = 600.0
"""Seconds after which a judge is given up, whatever its own timeout and repeats, so that it cannot stop the others."""
_PLAIN: Final = (Score, bool, int, float, str, type(None))
"""What most scorers return: neither awaitable nor a scalar of another library, and not worth asking."""


async def run_scorer(scorer: Scorer, subject: Subject, *, judge: Judge | None = None, timeout: float = 30.0) -> Attempt:
    """Try `scorer` on `subject`. Never raises: what goes wrong is an Attempt with `Outcome.ERROR` and one line.

    A scorer of the project that takes longer than `timeout` seconds is such an error; 0 is no limit.
    """
    gap = missing(subject, scorer.required)
    if gap is not None:
        outcome, reason = gap
        return _attempt(scorer, {"outcome": outcome, "error": reason if outcome is Outcome.NO_CONTENT else None})
    began = perf_counter()
    ended: Json
    try:
        if scorer.function is None and not scorer.needs_judge:  # a built-in check: nothing to guard
            result = scorer.ask(subject, None)
            if not isinstance(result, _PLAIN):
                result = await _awaited(result)
        else:
            result = await _asked(scorer, subject, judge, timeout)
        ended = _ended(scorer, subject, result)
    except NotRecorded as unknown:
        ended = {"outcome": Outcome.NO_CONTENT, "error": one_line(str(unknown))}
    except JudgeLeftOut as left:
        ended = {"outcome": Outcome.LEFT_OUT, "error": one_line(str(left))}
    except JudgeError as error:
        cost = {"model": error.model, "cost_usd": error.cost_usd}
        ended = {"error": one_line(str(error)), "is_passing": error.is_passing, **cost}
    except BaseException as error:  # a scorer is anybody's code
        if _is_from_outside(error):
            raise
        late = scorer.needs_judge and isinstance(error, TimeoutError)
        ended = {"error": _described(error, scorer), "is_passing": late}
    ended["duration_ms"] = (perf_counter() - began) * 1000
    return _attempt(scorer, ended)


async def _asked(scorer: Scorer, subject: Subject, judge: Judge | None, timeout: float) -> Any:
    if scorer.needs_judge and judge is None:
        raise JudgeError("there is no judge to ask")
    if scorer.function is not None:
        return await limited(scorer, lambda: scorer.ask(subject, judge), timeout)
    return await _awaited(scorer.ask(subject, judge))


async def _awaited(result: Any) -> Any:
    if not inspect.isawaitable(result):
        return result
    async with asyncio.timeout(_LONGEST):
        return await result


def _ended(scorer: Scorer, subject: Subject, result: Any) -> Json:
    if not isinstance(result, _PLAIN) and hasattr(result, "item") and callable(result.item):
        result = result.item()  # a scalar of numpy or torch
    answer = answer_of(result)
    cost: Json = {} if answer.model is None else {"model": answer.model}
    if answer.cost_usd is not None:
        cost["cost_usd"] = answer.cost_usd
    if answer.score is None:
        return {"outcome": Outcome.NOT_APPLICABLE, **cost}
    score = answer.score
    if subject.span.content_state == "truncated" and is_truncated(subject, scorer.needs):
        score = score.model_copy(update={"metadata": {**score.metadata, "content": "truncated"}})
    threshold = 1.0 if scorer.threshold is None and isinstance(result, bool) else scorer.threshold
    verdict: Json = {"outcome": Outcome.SCORED, "score": score, "threshold": threshold}
    return {**verdict, "passed": passed(score, threshold), **cost}


def _attempt(scorer: Scorer, ended: Json) -> Attempt:
    begun = {"scorer": scorer.name, "scorer_version": scorer.version, "threshold": scorer.threshold}
    if scorer.judge is not None:
        begun |= {"judge": scorer.judge.name, "judge_version": scorer.judge.version}
    return Attempt.model_validate({"outcome": Outcome.ERROR, **begun, **ended})


def _is_from_outside(error: BaseException) -> bool:
    """Whether somebody stops this task or this process; a cancellation that leaked out of a scorer is its error."""
    if isinstance(error, Exception | SystemExit):
        return False
    try:
        running = asyncio.current_task()
    except RuntimeError:  # no loop runs any more: this coroutine is being closed
        return True
    if isinstance(error, asyncio.CancelledError):
        return running is not None and running.cancelling() > 0
    return isinstance(error, KeyboardInterrupt)


def _described(error: BaseException, scorer: Scorer) -> str:
    """The error as one line, with the line of the scorer's file that it passed last."""
    if scorer.function is None and isinstance(error, TimeoutError) and not str(error):
        return f"no result within {_LONGEST:g} s"
    text = str(error) if isinstance(error, ScorerError) else f"{type(error).__name__}: {error}"
    file = scorer.source.rpartition(":")[0]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if file and frame.filename == file]
    return one_line(f"{text} ({file}:{lines[-1]})" if lines else text)
