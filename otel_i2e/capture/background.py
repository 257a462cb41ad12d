"""The thread of the application that moves the spool into the store and scores online.

It starts with the first spans that reached the spool, so a process that records nothing loads nothing.
What it runs is named, not imported: capture knows no workflow, and DuckDB is loaded in the thread.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from dataclasses import replace
from importlib import import_module
from typing import Final
from weakref import WeakMethod

from otel_i2e.config import Settings
from otel_i2e.forks import fork_guard

__all__ = ["INGEST", "Background"]

INGEST: Final = "otel_i2e.workflows.background:run"
"""`module:function`; called with the settings and the Event that asks it to stop."""
_LAST_INGEST: Final = 0.5
"""Seconds that the last move may take."""
_LAST_LEASE: Final = 10.0
"""Seconds that the exit waits beyond its timeout while the thread is inside DuckDB: a lease takes far less."""
_UNWIND: Final = 1.0
"""Seconds for the thread to end once it has left its last lease: what it holds of DuckDB is let go of in order."""
_log = logging.getLogger("otel_i2e")


class Background:
    """Runs `target` in a daemon thread, once it is asked to."""

    def __init__(self, settings: Settings, target: str = INGEST) -> None:
        self._settings = settings
        self._target = target
        self._begin()
        if hasattr(os, "register_at_fork"):
            begin = WeakMethod(self._begin)
            os.register_at_fork(after_in_child=lambda: (again := begin()) and again())

    def start(self) -> None:
        """Start the thread, if it does not run and `ingest` is on."""
        if self._thread is not None or self._settings.ingest == "off":
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="otel-i2e-background", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter is shutting down: the next process ingests
                    return

    def stop(self, timeout: float) -> bool:
        """Ask the thread to end and wait for it; False after `timeout` seconds."""
        self._stop.set()
        thread = self._thread
        if thread is None or not thread.is_alive():
            return True
        thread.join(max(0.0, timeout))
        return not thread.is_alive()

    def finish(self, timeout: float) -> None:
        """Stop, and move what was recorded last when that is quick: when this thread ran and nobody holds the store.

        `timeout`: seconds for all of it.
        """
        begun = time.monotonic()
        ran = self._thread is not None
        if not self.stop(timeout):
            # Torn down inside C++, the thread would end the process with SIGABRT: it gets to the end of its lease,
            # and into no further one. The door stays closed: `after_fork_in_parent` is never called.
            thread = self._thread
            if thread is not None and thread.ident is not None:
                fork_guard.dismiss(thread.ident)
                fork_guard.before_fork(_LAST_LEASE)
                thread.join(_UNWIND)
            return
        if not ran:
            return
        left = min(timeout - (time.monotonic() - begun), _LAST_INGEST)
        drain = getattr(sys.modules.get("otel_i2e.workflows.ingest"), "drain", None)
        if drain is not None and left > 0:
            try:
                drain(replace(self._settings, lock_timeout=left), left)
            except Exception as error:  # noqa: BLE001 -- the process ends; the spool keeps what is left
                _log.debug("otel-i2e: the last spans wait in the spool: %s", error)

    def _run(self) -> None:
        module, _, function = self._target.partition(":")
        try:
            with fork_guard:  # a child forked during an import would have half a module
                run = getattr(import_module(module), function)
            run(self._settings, self._stop)
        except Exception:  # noqa: BLE001 -- the application goes on; what was recorded waits in the spool
            _log.exception("otel-i2e stopped moving spans into the store; they wait in %s", self._settings.spool_path)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
