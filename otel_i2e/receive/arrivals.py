"""Calls of gRPC whose message is on its way: each holds a thread until it is there, so none may hold it for good.

gRPC keeps a message in memory, whole, before anybody hears of its size: so a few are let in at the same time. Who takes
longer than a moment fills no memory quickly; the next comes in beside it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from otel_i2e.receive.body import BODY_SECONDS

__all__ = ["MOST_CALLS", "Arrivals"]

MOST_CALLS: Final = 512
"""Calls that may wait for their message at the same time; one more ends the one that has waited longest."""
_QUICK: Final = 8
_QUICK_SECONDS: Final = 0.05


class _Call:
    """One of them."""

    __slots__ = ("began", "cancel", "is_cut")

    def __init__(self, cancel: Callable[[], None]) -> None:
        self.began = time.monotonic()
        self.cancel = cancel
        self.is_cut = False
        """Whether it was ended, because it took too long."""


class Arrivals:
    """Safe for threads. `seconds` is what a message may take once others come."""

    def __init__(self, seconds: float = BODY_SECONDS, most: int = MOST_CALLS) -> None:
        self.seconds = seconds
        """What a message may take, where others come after it."""
        self._most = most
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
            if len(self._all) < self._most and now - oldest.began < self.seconds:
                return
            del self._all[oldest]
            oldest.is_cut = True
            oldest.cancel()

    def _let_in(self, call: _Call) -> None:
        while len(self._quick) >= _QUICK:
            first = next(iter(self._quick))
            left = self._quick[first] + _QUICK_SECONDS - time.monotonic()
            if left > 0:
                self._changed.wait(left)
            else:
                del self._quick[first]
        self._quick[call] = time.monotonic()
