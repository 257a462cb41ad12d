"""What was just recorded is seen at once: commands that read first move what waits in the spool."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError

__all__ = ["catch_up"]

_MOST_BYTES: Final = 64_000_000  # some seconds' work; more than that is for a background process
_PATIENCE: Final = 2.0


def catch_up(settings: Settings) -> str | None:
    """Move what waits in the spool into the store, unless another process is doing so.

    Gives one line for the reader when something was left waiting; None when nothing was. Raises nothing that
    would keep somebody from reading what is there.
    """
    if not settings.spool_path.exists():
        return None
    from otel_i2e.spool import Spool
    from otel_i2e.workflows.ingest import ingest

    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        waiting = spool.stats()
        if not waiting.batches:
            return None
        if waiting.bytes > _MOST_BYTES:
            return f"{waiting.items:,} spans and log records still wait in the spool; i2e status says more"
        ingest(replace(settings, lock_timeout=min(settings.lock_timeout, _PATIENCE)), spool=spool)
    except I2EError as error:
        return f"what waits in the spool could not be read: {error}"
    finally:
        spool.close()
    return None
