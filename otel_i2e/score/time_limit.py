"""A time limit for the project's own scorers: one that hangs is given up, and after a few times no longer called.

Python cannot end a thread. A plain function runs in a daemon thread, which is used again for the next call, and left
behind when the time is up: it holds up neither the other scorers nor the end of the process. An async function is
cancelled. Out of reach stays code that keeps the interpreter or the event loop to itself, such as one endless call of
`re`, or `time.sleep` in an `async def`.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Final

from otel_i2e.errors import ScorerError
from otel_i2e.score.scorer import Scorer

__all__ = ["SUSPENDED_AFTER", "blocks", "limited"]

SUSPENDED_AFTER: Final = 3
"""Calls of one version of a scorer that took too long, after which this process calls it no more."""
_log = logging.getLogger("otel_i2e")
_late: Final[Counter[tuple[str, str]]] = Counter()
"""Name and version of a scorer → calls that took too long."""


def blocks(scorer: Scorer) -> bool:
    """Whether it is a plain function of the project, which may keep a thread for as long as it likes."""
    return scorer.function is not None and not inspect.iscoroutinefunction(scorer.function)


async def limited(scorer: Scorer, call: Callable[[], Any], seconds: float) -> Any:
    """What `call` gives, awaited when it is awaitable; `seconds` 0 is no limit.

    ScorerError when it takes longer than `seconds`, or has done so too often in this process.
    """
    key = scorer.name, scorer.version
    if _late[key] >= SUSPENDED_AFTER:
        raise ScorerError(f"suspended in this process: {_late[key]} calls took longer than {seconds:g} s")
    limit = asyncio.timeout(seconds or None)
    try:
        async with limit:
            result = await _in_thread(call) if blocks(scorer) else call()
            return await result if inspect.isawaitable(result) else result
    except TimeoutError:
        if not limit.expired():
            raise  # the scorer's own
        _count(scorer, key, seconds)
        raise ScorerError(f"took longer than {seconds:g} s; the setting scorer_timeout allows more") from None


def _count(scorer: Scorer, key: tuple[str, str], seconds: float) -> None:
    _late[key] += 1
    if _late[key] == SUSPENDED_AFTER:
        _log.error(
            "otel-i2e: scorer %s (%s) is suspended in this process: %d calls took longer than %g s; "
            "repair it, or raise the setting scorer_timeout; its attempts are errors until then",
            scorer.name,
            scorer.source,
            SUSPENDED_AFTER,
            seconds,
        )


class _Worker:
    """A daemon thread that makes one call after the other: a new thread for each costs three times as much."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._is_left = False
        threading.Thread(target=self._work, name="i2e-scorer", daemon=True).start()

    def make(self, call: Callable[[], None]) -> None:
        """Make a call; it raises nothing."""
        self._calls.put(call)

    def leave(self) -> None:
        """Let the thread end when its call comes back."""
        self._is_left = True

    def _work(self) -> None:
        while not self._is_left:
            self._calls.get()()


_idle: Final[list[_Worker]] = []
"""Threads that wait for a call."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a child has none of the threads


async def _in_thread(call: Callable[[], Any]) -> Any:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()
    worker = _idle.pop() if _idle else _Worker()

    def tell(result: Any, error: BaseException | None) -> None:
        if ended.done():
            return  # nobody waits any more
        if error is None:
            ended.set_result(result)
        else:
            ended.set_exception(error)

    def work() -> None:
        result, failure = None, None
        try:
            result = context.run(call)
        except (StopIteration, GeneratorExit, KeyboardInterrupt) as error:  # they mean something else to who waits
            failure = RuntimeError(f"{type(error).__name__}: {error}").with_traceback(error.__traceback__)
        except BaseException as error:  # noqa: BLE001 -- it is raised where the scorer was asked
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result, failure)

    worker.make(work)
    try:
        return await ended
    finally:
        if ended.cancelled():
            worker.leave()  # it is still at its call
        else:
            _idle.append(worker)
