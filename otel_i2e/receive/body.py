"""The body of one HTTP request, read from a sender that may be slow, endless or lying."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import Receive

from otel_i2e.receive.intake import Intake
from otel_i2e.receive.refused import Refused

__all__ = ["BODY_SECONDS", "Body", "too_slow"]

BODY_SECONDS: Final = 60.0
"""Seconds that the body of one request may take to arrive."""
_LINGER_SECONDS: Final = 3.0
_LINGER_BYTES: Final = 64 * 1024 * 1024


class Body:
    """Bytes that arrive by `receive`; while they are in memory they stand in the account of `intake`."""

    def __init__(self, receive: Receive, intake: Intake) -> None:
        self._receive = receive
        self._intake = intake
        self._held = 0
        self._complete = False

    async def read(self, declared: str, seconds: float) -> bytes:
        """The whole body. `declared` is the Content-Length. Raises Refused: too large, too slow, gone, or busy."""
        if declared.isdigit() and int(declared) > self._intake.max_body:
            raise self._too_large()
        pieces: list[bytes] = []
        try:
            async with asyncio.timeout(seconds):
                while not self._complete:
                    piece = await self._next()
                    if self._held + len(piece) > self._intake.max_body:
                        raise self._too_large()
                    self._intake.hold(len(piece))
                    self._held += len(piece)
                    pieces.append(piece)
        except TimeoutError:
            raise too_slow(seconds) from None
        return b"".join(pieces)

    async def discard(self) -> None:
        """Read on for a moment and forget it."""
        rest = _LINGER_BYTES
        with suppress(TimeoutError, Refused):
            async with asyncio.timeout(_LINGER_SECONDS):
                while not self._complete and rest > 0:
                    rest -= len(await self._next())

    def release(self) -> None:
        """The body is no longer in memory."""
        self._intake.release(self._held)
        self._held = 0

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._complete = True
            raise Refused("sender went away", "the connection ended before the body did")
        self._complete = not message.get("more_body", False)
        return message.get("body", b"")

    def _too_large(self) -> Refused:
        limit = self._intake.max_body
        return Refused("too large", f"the request is larger than {limit:,} bytes; send smaller batches")


def too_slow(seconds: float) -> Refused:
    """The refusal of a request whose body was longer than `seconds` on its way."""
    return Refused("too slow a sender", f"the body did not arrive within {seconds:g} seconds; send smaller batches")
