"""Limits per minute: each question gets its turn, evenly, so that a limit of the API is not run into.

How many tokens a request has only the API knows. Until it says so they are estimated from its bytes, by what the
answers so far have counted; what was estimated wrong moves the turns after it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Pace", "TokenPace"]

_BYTES: Final = 4.0
"""Bytes of a request for each token, before any answer: English has about so many."""


class Pace:
    """Gives out turns `60 / per_minute` seconds apart; None is no limit. For one event loop."""

    def __init__(self, per_minute: int | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._apart = 60 / per_minute if per_minute is not None else 0.0
        self._clock = clock
        self._next = 0.0

    async def turn(self, amount: float = 1.0) -> None:
        """Wait until it is one's turn, for something that takes the place of `amount`."""
        if not self._apart:
            return
        now = self._clock()
        at = max(now, self._next)
        self._next = at + amount * self._apart
        if at > now:
            await asyncio.sleep(at - now)

    def correct(self, amount: float) -> None:
        """A turn took so much more than was said, or less when it is negative."""
        self._next += amount * self._apart


class TokenPace:
    """The same for the input tokens of requests. For one event loop."""

    def __init__(self, per_minute: int | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = Pace(per_minute, clock=clock)
        self._bytes, self._tokens = 0, 0

    async def turn(self, size: int) -> float:
        """Wait until it is the turn of a request of so many bytes; the tokens that it is thought to have."""
        expected = size * self._tokens / self._bytes if self._bytes else size / _BYTES
        await self._pace.turn(expected)
        return expected

    def counted(self, size: int, expected: float, tokens: int) -> None:
        """The API has counted the tokens of such a request."""
        self._bytes += size
        self._tokens += tokens
        self._pace.correct(tokens - expected)
