"""Requests per minute: each question gets its turn, evenly, so that a limit of the API is not run into."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["Pace"]


class Pace:
    """Gives out turns `60 / per_minute` seconds apart; None is no limit. For one event loop."""

    def __init__(self, per_minute: int | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._apart = 60 / per_minute if per_minute is not None else 0.0
        self._clock = clock
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until it is one's turn."""
        if not self._apart:
            return
        now = self._clock()
        at = max(now, self._next)
        self._next = at + self._apart
        if at > now:
            await asyncio.sleep(at - now)
