"""Spool → normalize → store: what was recorded becomes rows.

    claim ──► portions ──► preparing (no lease held) ──► storing: one write lease for some ──► done

A crash anywhere hands the batches out again, and the store takes each span once. What cannot be stored
is counted with a reason and set aside, and never holds up the rest. That is said of single spans only: what
every span would meet, such as a full disk or a defect of ours, is raised, and the batches wait.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Container, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import StoreLocked
from otel_i2e.spool import Batch, Spool
from otel_i2e.workflows.blobs import keep_blobs
from otel_i2e.workflows.preparing import Prepared, Preparing, prepared_here
from otel_i2e.workflows.rejects import rejects_folder, set_aside
from otel_i2e.workflows.storing import REFUSED, store_prepared

__all__ = ["SKIPPED", "IngestReport", "drain", "ingest"]

SKIPPED: Final = "log records without content of a model call"
"""Why a log record is not kept."""
_CUT: Final = "resource, too large for so many spans"
_PORTION_BYTES: Final = 2_500_000  # of requests that become rows together
_LEASE_BYTES: Final = 10_000_000  # of requests whose spans one lease stores: about 2,000 LLM spans, a row group
_BREATH: Final = 0.005  # between two leases, so that a waiting reader gets in
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
    skipped: int = 0
    """Log records that are neither content of a model call nor scores: they are not kept."""
    read: int = 0
    """Log records whose content goes onto spans, or that are scores."""

    def plus(self, other: IngestReport) -> IngestReport:
        """The sum of both."""
        return IngestReport(
            self.received + other.received,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            dict(Counter(self.rejected) + Counter(other.rejected)),
            self.scores + other.scores,
            self.skipped + other.skipped,
            self.read + other.read,
        )


def ingest(
    settings: Settings,
    *,
    spool: Spool | None = None,
    stop: threading.Event | None = None,
    preparing: Preparing = prepared_here,
    counted: Container[int] | None = None,
) -> IngestReport:
    """Move everything that waits in the spool into the store; once `stop` is set, no further lease is begun.

    `preparing` makes rows of requests, in this process or beside it (`prepare_process.py`). The report is of the
    batches with ids in `counted`, or of all; the others are moved all the same. Nothing happens when another process
    is moving already. Raises StoreLocked, StoreError and SpoolError, and whatever a defect of ours
    raises; then what was not moved waits on.
    """
    if not settings.spool_path.exists():
        return IngestReport()
    own = spool is None
    spool = spool or Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    stop = stop or threading.Event()
    report = IngestReport()
    try:
        while not stop.is_set() and (moved := _move_all(settings, spool, stop, preparing, counted)) is not None:
            report = report.plus(moved)
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


def _move_all(
    settings: Settings, spool: Spool, stop: threading.Event, preparing: Preparing, counted: Container[int] | None
) -> IngestReport | None:
    """What one claim moves, until nothing waits; None when there was nothing to claim."""
    report = IngestReport()
    with spool.claim(max_bytes=_PORTION_BYTES) as batches:
        if not batches:
            return None
        split = _portions(spool, batches) if counted is None else _split(_portions(spool, batches), counted)
        with closing(preparing(split, settings.max_content_bytes)) as portions:
            for lease, prepared in _leases(portions, counted):
                moved = _move(settings, spool, lease, prepared)
                if counted is None or lease[0].id in counted:
                    report = report.plus(moved)
                if stop.wait(_BREATH):
                    break
    return report


def _leases(
    portions: Iterable[tuple[list[Batch], Prepared]], counted: Container[int] | None
) -> Generator[tuple[list[Batch], Prepared]]:
    """What one write lease takes at a time: few large ones cost less than many small ones."""
    lease, prepared = list[Batch](), Prepared()
    for batches, more in portions:
        if lease and counted is not None and (batches[0].id in counted) != (lease[0].id in counted):
            yield lease, prepared
            lease, prepared = [], Prepared()
        lease += batches
        prepared.add(more)
        if sum(len(batch.body) for batch in lease) >= _LEASE_BYTES:
            yield lease, prepared
            lease, prepared = [], Prepared()
    if lease:
        yield lease, prepared


def _split(portions: Iterable[list[Batch]], counted: Container[int]) -> Generator[list[Batch]]:
    """Portions of batches all of which are counted, or none."""
    for batches in portions:
        for _, alike in groupby(batches, lambda batch: batch.id in counted):
            yield list(alike)


def _portions(spool: Spool, batches: list[Batch]) -> Generator[list[Batch]]:
    while batches:
        yield batches
        batches = spool.after(batches[-1], max_bytes=_PORTION_BYTES)


def _move(settings: Settings, spool: Spool, batches: Sequence[Batch], prepared: Prepared) -> IngestReport:
    keep_blobs(settings, prepared.blobs)  # before a row refers to them
    stored, scores = store_prepared(settings, prepared)
    _set_aside(settings, spool, batches, prepared)
    duplicate = len(prepared.rows) - stored - prepared.rejected[REFUSED]
    counts = {("rejected", reason): n for reason, n in prepared.rejected.items()}
    counts |= {("stored", ""): stored, ("duplicate", ""): duplicate, ("read", "log records"): prepared.logs_read}
    counts |= {("skipped", SKIPPED): prepared.logs_skipped, ("cut", _CUT): prepared.cut}
    spool.done(batches, counts)
    return IngestReport(
        *(prepared.received, stored, duplicate, dict(prepared.rejected), scores),
        *(prepared.logs_skipped, prepared.logs_read),
    )


def _set_aside(settings: Settings, spool: Spool, batches: Sequence[Batch], prepared: Prepared) -> None:
    folder = rejects_folder(settings)
    for batch in batches:
        if batch.id in prepared.set_aside and not set_aside(folder, batch, "\n".join(prepared.set_aside[batch.id])):
            spool.count("rejected_bytes_lost", "the folder for rejected requests could not be written")
