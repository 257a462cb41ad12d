"""A limit on how long a connection may take to finish its headers, which uvicorn has not got."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEADER_SECONDS", "PatientProtocol"]

HEADER_SECONDS: Final = 30.0
"""Seconds from the first byte of a connection or request to the end of its headers."""


class PatientProtocol(H11Protocol):
    """uvicorn's h11 protocol; hangs up on a connection that sends headers for too long."""

    _too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] -- as uvicorn
        """Begin to wait for the first headers."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait while headers are incomplete; stop when they are whole."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._too_late is None:
            self._too_late = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        timer: Any = self._too_late
        if timer is not None:
            timer.cancel()
            self._too_late = None
