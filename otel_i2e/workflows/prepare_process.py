"""Preparing in a process of its own, some portions ahead of the writer: with a backlog, two processors are at work.

    spool ──► portions ahead ──► this process: decode, normalize ──┐
                                                                   ▼
              portions before ──────────────────────────────────► writer: lease, insert, commit

It is started when more than one portion waits, and ended when there was none ahead for a while. Whatever happens to it
costs time only: a portion that it did not give back is prepared here.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Final, NamedTuple

from otel_i2e.spool import Batch
from otel_i2e.workflows.garbage import collect_rarely
from otel_i2e.workflows.item_time import interrupt_by_signal
from otel_i2e.workflows.preparing import Prepared, prepare

__all__ = ["PrepareProcess"]

_AHEAD: Final = 4  # portions: as much as one lease takes
_IDLE_SECONDS: Final = 30.0


class _UnderWay(NamedTuple):
    prepared: Future[Prepared]
    pool: ProcessPoolExecutor


class PrepareProcess:
    """A `Preparing`; see there. Not for threads."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._used = 0.0

    def __call__(self, portions: Iterable[list[Batch]], limit: int | None) -> Generator[tuple[list[Batch], Prepared]]:
        """Each portion with its rows, in order, the next ones meanwhile under way."""
        left = iter(portions)
        ahead: deque[tuple[list[Batch], _UnderWay | None]] = deque((first, None) for first in islice(left, 1))
        while ahead:
            for batches in islice(left, 1 + _AHEAD - len(ahead)):
                ahead.append((batches, self._begin(batches, limit)))
            batches, under_way = ahead.popleft()
            yield batches, self._result(under_way, batches, limit)

    def rest(self) -> None:
        """End the process when it was not needed for a while."""
        if self._pool is not None and time.monotonic() - self._used > _IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """End the process."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, batches: list[Batch], limit: int | None) -> _UnderWay | None:
        self._used = time.monotonic()
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_begin_process)
        try:
            return _UnderWay(self._pool.submit(prepare, batches, limit), self._pool)
        except (BrokenProcessPool, OSError):
            self.close()
            return None

    def _result(self, under_way: _UnderWay | None, batches: list[Batch], limit: int | None) -> Prepared:
        if under_way is not None:
            try:
                return under_way.prepared.result()
            except (BrokenProcessPool, OSError):  # it was killed, or could not be started
                if under_way.pool is self._pool:
                    self.close()
        return prepare(batches, limit)


def _begin_process() -> None:
    """Ctrl-C is for the parent, with whom this process ends, however that ends."""
    gc.freeze()
    collect_rarely()
    interrupt_by_signal()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
