"""What was just recorded is seen at once: commands that read first move what waits in the spool."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError

if TYPE_CHECKING:
    from otel_i2e.spool import Spool

__all__ = ["catch_up"]

_MOST_BYTES: Final = 64_000_000  # some seconds' work; more than that is for a background process
_PATIENCE: Final = 2.0
_POLL: Final = 0.05


def catch_up(settings: Settings) -> str | None:
    """Move what waits in the spool into the store; while another process is doing so, wait for it a moment.

    Gives one line for the reader when something was left waiting; None when nothing was. What arrives
    meanwhile is not waited for. Raises nothing that would keep somebody from reading what is there.
    """
    if not settings.spool_path.exists():
        return None
    from otel_i2e.spool import Spool

    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        spool.recover()
        waiting = spool.stats()
        if not waiting.batches:
            return None
        if waiting.bytes > _MOST_BYTES or not _moved(settings, spool):
            waiting = spool.stats()
            return f"{waiting.items:,} spans and log records still wait in the spool; i2e status says more"
    except I2EError as error:
        return f"what waits in the spool could not be read: {error}"
    finally:
        spool.close()
    return None


def _moved(settings: Settings, spool: Spool) -> bool:
    """Whether everything that waits now was moved, by whomever, within `_PATIENCE` seconds."""
    from otel_i2e.workflows.ingest import ingest

    patient = replace(settings, lock_timeout=min(settings.lock_timeout, _PATIENCE))
    begun = time.monotonic()
    while True:
        ingest(patient, spool=spool)
        oldest, waited = spool.stats().oldest_seconds, time.monotonic() - begun
        if oldest is None or oldest < waited:
            return True
        if waited > _PATIENCE:
            return False
        time.sleep(_POLL)
