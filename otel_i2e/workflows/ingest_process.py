"""Ingest and the online rules in a process of their own, beside the receiver.

Not on a thread: DuckDB and the normalizer would share the interpreter with the acknowledgements, and a thread inside
DuckDB cannot be ended. A process can, at any moment: what it had not finished waits in the spool.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from typing import Final

from otel_i2e.config import Settings

__all__ = ["IngestProcess", "main"]

_LAST_WAIT: Final = 3.0  # seconds for the lease that is open when the end comes
_AGAIN_AFTER: Final = 3.0  # seconds between two starts, when it ends by itself
_RUN: Final = "from otel_i2e.workflows.ingest_process import main; main()"


class IngestProcess:
    """Runs inside `with`, unless `ingest` is off. Ends when this process does, however that ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def __enter__(self) -> IngestProcess:
        self.keep()
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_LAST_WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def keep(self) -> None:
        """Start it, again if it has ended: from time to time, call this."""
        if self._settings.ingest == "off" or (self._process is not None and self._process.poll() is None):
            return
        if self._process is None or time.monotonic() - self._started > _AGAIN_AFTER:
            self._started = time.monotonic()
            self._start()

    def _start(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = subprocess.Popen([sys.executable, "-c", _RUN], stdin=subprocess.PIPE)  # noqa: S603 -- our own
        if self._process.stdin is not None:
            self._process.stdin.write(pickle.dumps(self._settings))
            self._process.stdin.flush()


def main() -> None:
    """The process: settings by standard input, then work until that ends."""
    from otel_i2e.workflows.background import run
    from otel_i2e.workflows.garbage import collect_rarely
    from otel_i2e.workflows.item_time import interrupt_by_signal
    from otel_i2e.workflows.prepare_process import PrepareProcess

    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301 -- from our parent, see above
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us too; the parent says when
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())

    def until_parent_ends() -> None:
        sys.stdin.buffer.read()
        stop.set()
        time.sleep(_LAST_WAIT)
        os._exit(0)  # a long backlog: the next process takes it from where the last lease ended

    threading.Thread(target=until_parent_ends, daemon=True).start()
    gc.freeze()
    collect_rarely()
    interrupt_by_signal()
    run(settings, stop, PrepareProcess())
