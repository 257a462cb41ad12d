"""A time limit for the project's own scorers: one that hangs is given up, and after a few times left alone for a while.

Python cannot end a thread. Plain functions run in a daemon thread, one call after the other, and a call costs little
more than itself, because the event loop is told of many at once. When the time of a call is up, its thread is left
behind: it holds up neither the other scorers nor the end of the process. An async function is cancelled. Out of reach
stays code that keeps the interpreter or the event loop to itself, such as one endless call of `re`, or `time.sleep` in
an `async def`.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from time import monotonic
from typing import Any, Final

from otel_i2e.errors import ScorerError
from otel_i2e.score.scorer import Scorer

__all__ = ["SUSPENDED_AFTER", "TURN", "calls_in_thread", "is_suspended", "limited", "suspended", "too_late"]

SUSPENDED_AFTER: Final = 3
"""Calls of one version of a scorer that took too long within `_WINDOW`, after which this process leaves it alone."""
_WINDOW: Final = 600.0
"""Seconds; also those of the first suspension. Each that follows is twice as long, up to a day."""
_LONGEST: Final = 86_400.0
TURN: Final = 0.005
"""Seconds for which calls are made before what came of them is told."""
_log = logging.getLogger("otel_i2e")


@dataclass(slots=True)
class _Lateness:
    """What one version of a scorer did in this process."""

    late: list[float] = field(default_factory=list[float])
    """When calls took too long, since it was last suspended (`time.monotonic()`)."""
    until: float = 0.0
    """The end of its suspension."""
    pause: float = _WINDOW
    """Seconds of the next one."""


_lateness: Final[dict[tuple[str, str], _Lateness]] = {}
"""By name and version; of those that were late."""


def is_suspended(scorer: Scorer) -> bool:
    """Whether its calls have taken too long too often, of late, in this process."""
    if not _lateness:
        return False
    known = _lateness.get((scorer.name, scorer.version))
    return known is not None and monotonic() < known.until


def suspended(scorer: Scorer, seconds: float) -> ScorerError:
    """The error of a call that is not made, because others have taken longer than `seconds`."""
    left = math.ceil((_lateness[scorer.name, scorer.version].until - monotonic()) / 60)
    return ScorerError(
        f"suspended in this process for {left} min: {SUSPENDED_AFTER} calls took longer than {seconds:g} s"
    )


def too_late(scorer: Scorer, seconds: float) -> ScorerError:
    """The error of a call that took longer than `seconds`, which is counted."""
    known, now = _lateness.setdefault((scorer.name, scorer.version), _Lateness()), monotonic()
    known.late = [*(moment for moment in known.late if now - moment < _WINDOW), now]
    if len(known.late) >= SUSPENDED_AFTER:
        known.late, known.until = [], now + known.pause
        _log.error(
            "otel-i2e: scorer %s (%s) is suspended in this process for %g min: %d calls took longer than %g s; "
            "repair it, or raise the setting scorer_timeout; its attempts are errors until then",
            scorer.name,
            scorer.source,
            known.pause / 60,
            SUSPENDED_AFTER,
            seconds,
        )
        known.pause = min(2 * known.pause, _LONGEST)
    return ScorerError(f"took longer than {seconds:g} s; the setting scorer_timeout allows more")


async def limited(scorer: Scorer, result: Awaitable[Any], seconds: float) -> Any:
    """What `result` gives; `seconds` 0 is no limit. ScorerError when it takes longer."""
    limit = asyncio.timeout(seconds or None)
    try:
        async with limit:
            return await result
    except TimeoutError:
        if not limit.expired():
            raise  # the scorer's own
        raise too_late(scorer, seconds) from None


async def calls_in_thread(
    calls: Sequence[Callable[[], Any]], seconds: float, until: float = math.inf
) -> tuple[list[Any], bool]:
    """Make calls in a thread, in order: what the first of them gave, and whether the one after these took too long.

    One is made, and then others, as long as neither `until` (`time.monotonic()`) nor a turn is over and no call gave
    a coroutine. Each may take `seconds`; 0 is no limit. What a call raises is raised.
    """
    portion = _Portion(calls, min(until, monotonic() + TURN))
    worker = _idle.pop() if _idle else _Worker()
    worker.make(portion.make)
    try:
        while not portion.ended.done():
            await asyncio.wait([portion.ended], timeout=portion.left(seconds))
            if portion.give_up(seconds):
                return portion.results, True
        portion.ended.result()
        return portion.results, False
    finally:
        if portion.ended.done():
            _idle.append(worker)
        else:
            portion.leave()
            worker.leave()


class _Portion:
    """Calls that a thread makes one after the other, and the event loop watches."""

    def __init__(self, calls: Sequence[Callable[[], Any]], until: float) -> None:
        self.results: list[Any] = []
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._calls, self._until = calls, until
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._began: float | None = monotonic()
        self._is_left = False

    def make(self) -> None:
        """Make the calls: in the thread."""
        failure = None
        try:
            for call in self._calls:
                result = self._context.copy().run(call)
                if not self._goes_on(result):
                    break
        except BaseException as error:  # noqa: BLE001 -- it is raised where the scorer was asked
            failure = error
        with self._lock:
            self._began = None
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._tell, failure)

    def left(self, seconds: float) -> float | None:
        """Seconds that the present call has; None without a limit."""
        began = self._began
        return None if not seconds or began is None else max(0.0, began + seconds - monotonic())

    def give_up(self, seconds: float) -> bool:
        """Whether the present call has taken too long; no other is begun then."""
        with self._lock:
            is_late = bool(seconds) and self._began is not None and monotonic() - self._began >= seconds
            self._is_left |= is_late
        return is_late

    def leave(self) -> None:
        """Begin no other call: nobody waits any more."""
        with self._lock:
            self._is_left = True

    def _goes_on(self, result: Any) -> bool:
        with self._lock:
            if self._is_left:
                return False
            self.results.append(result)
            self._began = monotonic()
            return self._began < self._until and not asyncio.iscoroutine(result)

    def _tell(self, failure: BaseException | None) -> None:
        if self._is_left:
            return
        if failure is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(failure)


class _Worker:
    """A daemon thread that does one thing after the other: a new thread for each costs three times as much."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._is_left = False
        threading.Thread(target=self._work, name="i2e-scorer", daemon=True).start()

    def make(self, call: Callable[[], None]) -> None:
        """Make a call; it raises nothing."""
        self._waiting.put(call)

    def leave(self) -> None:
        """Let the thread end when its call comes back."""
        self._is_left = True

    def _work(self) -> None:
        while not self._is_left:
            self._waiting.get()()


_idle: Final[list[_Worker]] = []
"""Threads that wait for a call."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a child has none of the threads
