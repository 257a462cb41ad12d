"""Spans that began and have not ended, by trace: what an evaluation waits for before it looks at a whole trace."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection

__all__ = ["OpenSpans"]


class OpenSpans:
    """Told of every start and end of a recorded span, on whichever thread. Trace ids are integers, as in the SDK."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: Counter[int] = Counter()
        self._awaited: frozenset[int] = frozenset()
        self._last = 0.0

    def began(self, trace_id: int) -> None:
        """A span of the trace began."""
        self._note(trace_id, 1)

    def ended(self, trace_id: int) -> None:
        """A span of the trace ended."""
        self._note(trace_id, -1)

    def wait(self, trace_ids: Collection[int], *, quiet: float, timeout: float) -> frozenset[int]:
        """Wait until no span of these traces is open, and none began or ended for `quiet` seconds.

        Gives the traces that have open spans after `timeout` seconds. One thread at a time waits.
        """
        with self._changed:
            self._awaited, self._last = frozenset(trace_ids), time.monotonic()
            end = self._last + timeout
            while (now := time.monotonic()) < end:
                rest = end - now if self._still_open() else min(end, self._last + quiet) - now
                if rest <= 0:
                    break
                self._changed.wait(rest)
            still, self._awaited = self._still_open(), frozenset()
            return still

    def _still_open(self) -> frozenset[int]:
        return frozenset(one for one in self._awaited if self._open[one] > 0)

    def _note(self, trace_id: int, change: int) -> None:
        with self._changed:
            self._open[trace_id] += change
            if self._open[trace_id] <= 0:  # also of a span that began before there was anybody to tell
                del self._open[trace_id]
            if trace_id in self._awaited:
                self._last = time.monotonic()
                self._changed.notify_all()
