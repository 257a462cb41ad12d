"""Spool → normalize → store: what was recorded becomes rows.

    claim ──► decode, images out, long values cut, normalize (no lease held) ──► one write lease: spans, scores ──► done

A crash anywhere hands the batches out again, and the store takes each span once. What cannot be stored
is counted with a reason and set aside, and never holds up the rest. That is said of single spans only: what
every span would meet, such as a full disk or a defect of ours, is raised, and the batches wait.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import StoreLocked
from otel_i2e.spool import Batch, Spool
from otel_i2e.workflows.blobs import keep_blobs
from otel_i2e.workflows.preparing import Prepared, prepare
from otel_i2e.workflows.rejects import rejects_folder, set_aside
from otel_i2e.workflows.storing import REFUSED, store_prepared

__all__ = ["IngestReport", "drain", "ingest"]

_CLAIM_BYTES: Final = 16_000_000
_BREATH: Final = 0.02  # between two leases, so that a waiting reader gets in
_POLL: Final = 0.05


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one `ingest` moved."""

    received: int = 0
    """Spans and log records that were decoded."""
    stored: int = 0
    """Spans that are new in the store."""
    duplicate: int = 0
    """Spans that the store had already."""
    rejected: dict[str, int] = field(default_factory=dict[str, int])
    """Reason → spans, log records or, where nothing could be decoded, items as the sender counted them."""
    scores: int = 0
    """Scores that are new in the store."""

    def plus(self, other: IngestReport) -> IngestReport:
        """The sum of both."""
        return IngestReport(
            self.received + other.received,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            dict(Counter(self.rejected) + Counter(other.rejected)),
            self.scores + other.scores,
        )


def ingest(settings: Settings, *, spool: Spool | None = None, stop: threading.Event | None = None) -> IngestReport:
    """Move everything that waits in the spool into the store; once `stop` is set, no further lease is begun.

    Nothing happens when another process is doing so. Raises StoreLocked, StoreError and SpoolError, and whatever a
    defect of ours raises; then what was not moved waits on.
    """
    if not settings.spool_path.exists():
        return IngestReport()
    own = spool is None
    spool = spool or Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    stop = stop or threading.Event()
    report = IngestReport()
    try:
        while not stop.is_set() and (moved := _move(settings, spool)) is not None:
            report = report.plus(moved)
            stop.wait(_BREATH)
    finally:
        if own:
            spool.close()
    return report


def drain(settings: Settings, timeout: float) -> bool:
    """`ingest`, and wait for whoever else is doing so; False when the spool was not empty after `timeout` seconds."""
    if not settings.spool_path.exists():
        return True
    deadline = time.monotonic() + timeout
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        spool.recover()
        while spool.stats().batches:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                ingest(replace(settings, lock_timeout=min(settings.lock_timeout, left)), spool=spool)
            except StoreLocked:
                continue
            time.sleep(_POLL)
    finally:
        spool.close()
    return True


def _move(settings: Settings, spool: Spool) -> IngestReport | None:
    """One claim's worth; None when there was nothing to claim."""
    with spool.claim(max_bytes=_CLAIM_BYTES) as batches:
        if not batches:
            return None
        prepared = prepare(batches, settings.max_content_bytes)
        keep_blobs(settings, prepared.blobs)  # before a row refers to them
        stored, scores = store_prepared(settings, prepared)
        _set_aside(settings, spool, batches, prepared)
        spool.done(batches)
    duplicate = len(prepared.rows) - stored - prepared.rejected[REFUSED]
    for counter, n in (("stored", stored), ("duplicate", duplicate)):
        if n:
            spool.count(counter, n=n)
    for reason, n in prepared.rejected.items():
        spool.count("rejected", reason, n)
    return IngestReport(prepared.received, stored, duplicate, dict(prepared.rejected), scores)


def _set_aside(settings: Settings, spool: Spool, batches: Sequence[Batch], prepared: Prepared) -> None:
    folder = rejects_folder(settings)
    for batch in batches:
        if batch.id in prepared.set_aside and not set_aside(folder, batch, "\n".join(prepared.set_aside[batch.id])):
            spool.count("rejected_bytes_lost", "the folder for rejected requests could not be written")
