"""Calls of gRPC whose message is on its way: each holds a thread until it is there, so none may hold it for good.

gRPC keeps a message in memory, whole, before anybody hears of its size: so a few are let in at the same time. Who takes
longer than a moment fills no memory quickly; the next comes in beside it, unless memory is short.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from otel_i2e.receive.body import BODY_SECONDS
from otel_i2e.receive.growth import Growth

__all__ = ["MOST_CALLS", "Arrivals"]

MOST_CALLS: Final = 512
"""Calls that may wait for their message at the same time; one more ends the one that has waited longest."""
_QUICK: Final = 8
_FEW: Final = 2
"""As many as arrive at the same time where memory is short."""
_QUICK_SECONDS: Final = 0.05
_SHORT_SECONDS: Final = 4.0
"""What a message may take where memory is short and another waits, whose sender gives up after 10 seconds."""


class _Call:
    """One of them."""

    __slots__ = ("_cancel", "began", "had")

    def __init__(self, cancel: Callable[[], None]) -> None:
        self.began = time.monotonic()
        self._cancel = cancel
        self.had: float | None = None
        """Seconds after which it was ended, because that was too long; None: it was not."""

    def cut(self, seconds: float) -> None:
        """It took longer than `seconds`."""
        self.had = seconds
        self._cancel()


class Arrivals:
    """Safe for threads. `seconds` is what a message may take once others come, `is_short` says whether memory is."""

    def __init__(
        self,
        seconds: float = BODY_SECONDS,
        most: int = MOST_CALLS,
        *,
        is_short: Callable[[], bool] | None = None,
        short: float = _SHORT_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._is_short = is_short or Growth().is_too_much
        self._short = short
        self._changed = threading.Condition()
        self._all: dict[_Call, None] = {}  # the oldest first, as in `_quick`
        self._quick: dict[_Call, float] = {}

    @contextmanager
    def awaited(self, cancel: Callable[[], None]) -> Generator[_Call]:
        """Within it the message is waited for; `cancel` ends the call, whoever waits."""
        call = _Call(cancel)
        with self._changed:
            self._cut(call.began)
            self._all[call] = None
            self._let_in(call)
        try:
            yield call
        finally:
            with self._changed:
                self._all.pop(call, None)
                self._quick.pop(call, None)
                self._changed.notify()

    def _cut(self, now: float) -> None:
        while self._all:
            oldest = next(iter(self._all))
            if len(self._all) < self._most and now - oldest.began < self._seconds:
                return
            del self._all[oldest]
            oldest.cut(self._seconds)

    def _has_room(self) -> bool:
        beside = len(self._quick)
        return beside < _FEW or (beside < _QUICK and not self._is_short())

    def _let_in(self, call: _Call) -> None:
        while not self._has_room():
            first, since = next(iter(self._quick.items()))
            passed = time.monotonic() - since
            if passed < _QUICK_SECONDS:
                self._changed.wait(_QUICK_SECONDS - passed)
            elif not self._is_short():
                del self._quick[first]
            elif passed < self._short:
                self._changed.wait(self._short - passed)
            else:
                del self._quick[first]
                self._all.pop(first, None)
                first.cut(self._short)
        self._quick[call] = time.monotonic()
