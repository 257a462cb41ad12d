"""What runs beside the application: the spool into the store, then the online rules, again and again.

It never raises and never dies: whatever goes wrong is logged once, counted in the spool where `i2e
status` finds it, and tried again later and later.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError
from otel_i2e.forks import fork_guard
from otel_i2e.spool import Spool

if TYPE_CHECKING:
    from otel_i2e.workflows.prepare_process import PrepareProcess

__all__ = ["run"]

_log = logging.getLogger("otel_i2e")
_LOCK_WAIT: Final = 2.0  # seconds for one try: who holds the store longer is met again at the next
_FIRST_PAUSE: Final = 1.0  # seconds after something went wrong, doubled each time it does so again
_LONGEST_PAUSE: Final = 30.0
_LOOK_EVERY: Final = 0.2
_MUCH: Final = 4_000_000  # bytes that wait: no use in waiting for more
_SCORE_EVERY: Final = 10.0  # seconds, when nothing was ingested here: another process may have done it
_CHECK_EVERY: Final = 3600.0
_SCORE_AGAIN_AFTER: Final = 3.0  # seconds, when spans were left: their trace was not complete, or time was up


def run(settings: Settings, stop: threading.Event, preparer: PrepareProcess | None = None) -> None:
    """Move and score every `ingest_interval` seconds until `stop` is set; returns soon after that.

    A process that does nothing else gives a `preparer`, and begins at once when much waits.
    """
    worker = _Worker(settings, preparer)
    trouble = 0
    try:
        while not (stop.wait(_pause(trouble)) if trouble else worker.wait(stop)):
            trouble = 0 if worker.turn(stop) else trouble + 1
    finally:
        worker.close()


def _pause(trouble: int) -> float:
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(trouble - 1, 9))


class _Worker:
    def __init__(self, settings: Settings, preparer: PrepareProcess | None) -> None:
        self._settings = replace(settings, lock_timeout=min(settings.lock_timeout, _LOCK_WAIT))
        self._spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
        self._seen: set[str] = set()
        self._until_scoring = 0.0
        self._next_check = 0.0
        self._preparer = preparer

    def wait(self, stop: threading.Event) -> bool:
        """Until the next turn; True when `stop` is set."""
        if self._preparer is None:
            return stop.wait(self._settings.ingest_interval)
        self._preparer.rest()
        until = time.monotonic() + self._settings.ingest_interval
        while (left := until - time.monotonic()) > 0 and not self._much_waits():
            if stop.wait(min(left, _LOOK_EVERY)):
                return True
        return stop.is_set()

    def _much_waits(self) -> bool:
        try:
            return self._settings.spool_path.exists() and self._spool.size() > _MUCH
        except I2EError:
            return False  # the turn meets it again, and says so

    def turn(self, stop: threading.Event) -> bool:
        """One round; False when something went wrong and the next should wait longer."""
        try:
            stored = self._ingest(stop)
            self._until_scoring -= self._settings.ingest_interval
            if not stop.is_set() and (stored or self._until_scoring <= 0):
                self._until_scoring = _SCORE_AGAIN_AFTER if self._score() else _SCORE_EVERY
                self._check_judges()
        except Exception as error:  # noqa: BLE001 -- the application goes on, and so does this
            self._note(error)
            return False
        return True

    def close(self) -> None:
        """Let go of the spool."""
        if self._preparer is not None:
            self._preparer.close()
        with suppress(I2EError):
            self._spool.close()

    def _ingest(self, stop: threading.Event) -> int:
        if not self._settings.spool_path.exists():
            return 0
        if not self._spool.recover() and not self._spool.stats().batches:
            return 0
        with fork_guard:  # neither a fork nor the process's end may come in the middle of loading DuckDB
            from otel_i2e.workflows.ingest import ingest  # duckdb and pydantic: only once there is something

        if self._preparer is None:
            return ingest(self._settings, spool=self._spool, stop=stop).stored
        return ingest(self._settings, spool=self._spool, stop=stop, preparing=self._preparer).stored

    def _check_judges(self) -> None:
        """Drift checks that are due, looked for once an hour and only where the settings ask for them."""
        if "check_every_days" not in self._settings.judge or time.monotonic() < self._next_check:
            return
        self._next_check = time.monotonic() + _CHECK_EVERY
        with fork_guard:
            from otel_i2e.workflows.drift import run_due_checks  # every scorer

        run_due_checks(self._settings)

    def _score(self) -> bool:
        """Whether there is more to score."""
        if not self._settings.rules or not self._settings.store_path.exists():
            return False
        with fork_guard:
            from otel_i2e.workflows.scoring import score_online  # every scorer: only with rules

        return any(rule.left or rule.waiting for rule in score_online(self._settings).rules)

    def _note(self, error: Exception) -> None:
        kind = type(error).__name__
        if kind not in self._seen:
            self._seen.add(kind)
            if isinstance(error, I2EError | OSError):
                _log.warning("otel-i2e: %s; what was recorded waits in %s", error, self._settings.spool_path)
            else:
                _log.error(
                    "otel-i2e: %r is a defect in otel-i2e, please report it; what was recorded waits in %s",
                    error,
                    self._settings.spool_path,
                    exc_info=error,
                )
        with suppress(I2EError):
            self._spool.count("background_error", kind)
