"""What a recorder lost or changed: counted with a reason, said once a reason, and moved into the spool's counters.

What the spool does not take stays here, with a note that `i2e status` shows.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from otel_i2e.errors import SpoolError
from otel_i2e.forks import fork_guard

if TYPE_CHECKING:
    from otel_i2e.spool import Spool

__all__ = ["Counts"]

_log = logging.getLogger("otel_i2e")
_UNFLUSHED = "not flushed at exit"


class Counts:
    """Of one recorder. Safe for threads."""

    def __init__(self, spool_path: Path) -> None:
        self._spool_path = spool_path
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._said: set[tuple[str, str]] = set()
        self._noted: dict[tuple[str, str], int] = {}

    def waiting(self) -> dict[tuple[str, str], int]:
        """(counter, reason) → what is not yet in the spool's counters."""
        with self._lock:
            return dict(self._counts)

    def add(self, counter: str, reason: str, n: int = 1, *, aloud: bool = True, remedy: str = "") -> None:
        """Count `n`; log it the first time, unless it is an everyday thing."""
        with self._lock:
            first = (counter, reason) not in self._said
            self._said.add((counter, reason))
            if n:
                self._counts[counter, reason] += n
        if first and aloud:
            todo = f"; {remedy}" if remedy else ""
            line = "otel-i2e: %s: %s%s (%s; said once, counted in `i2e status`)"
            _log.warning(line, counter, reason, todo, self._spool_path)

    def note_unflushed(self, n: int) -> None:
        """Say and note that `n` items are lost if the process ends now; if it does not, `move_into` takes it back."""
        self.add("dropped", _UNFLUSHED, 0)
        self._leave_note({("dropped", _UNFLUSHED): n} if n else {})

    def move_into(self, opened: Callable[[], Spool]) -> None:
        """Move them into the counters of the spool, which is opened when there are any; the rest is noted."""
        for (counter, reason), n in self.waiting().items():
            try:
                opened().count(counter, reason, n)
            except SpoolError:
                break
            with self._lock:
                self._counts[counter, reason] -= n
                self._counts += Counter()  # drops what is at zero
        self._leave_note()

    def _leave_note(self, unflushed: Mapping[tuple[str, str], int] = MappingProxyType({})) -> None:
        """Counts that the spool did not take, where `i2e status` finds them; without any, the note goes."""
        waiting = {**self.waiting(), **unflushed}
        if waiting or self._noted:
            with fork_guard:
                from otel_i2e.losses import keep_losses

            self._noted = waiting
            keep_losses(self._spool_path, waiting)
