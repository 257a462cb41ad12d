"""Images and files beside the store that no row refers to any more: how many, and without them.

Only ingest writes blobs, each before the row that refers to it. So ingest stands still, by the lock that lets one
process drain, from before the rows are read until the last file is gone; what arrives meanwhile waits in the spool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import StoreLocked
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.workflows.blobs import blobs_folder

__all__ = ["UnusedBlobs", "unused_blobs"]

_NAME: Final = re.compile(r"[0-9a-f]{64}(?:\.[0-9a-f]{32}\.part)?")


class UnusedBlobs(NamedTuple):
    """What nothing refers to."""

    files: int
    size: int
    """Bytes."""
    used: int
    """Files that rows refer to."""


def unused_blobs(settings: Settings, *, remove: bool) -> UnusedBlobs:
    """Look for blobs that no row of the store refers to, and with `remove` delete them.

    Raises StoreLocked when another process keeps moving spans into the store for `lock_timeout` seconds, StoreError
    when rows cannot be read, OSError when a file cannot be deleted.
    """
    if not blobs_folder(settings).is_dir():
        return UnusedBlobs(0, 0, 0)
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        with spool.sole_drainer(settings.lock_timeout) as mine:
            if not mine:
                raise StoreLocked("another process is moving spans into the store; try again in a moment")
            return _unused(settings, remove=remove)
    finally:
        spool.close()


def _unused(settings: Settings, *, remove: bool) -> UnusedBlobs:
    store = Store.of(settings)
    wanted = store.blob_references() if store.exists() else set[str]()
    files = size = used = 0
    for path in _files(blobs_folder(settings)):
        if path.name in wanted:
            used += 1
            continue
        files += 1
        size += path.stat().st_size
        if remove:
            path.unlink()
            with suppress(OSError):  # not empty
                path.parent.rmdir()
    return UnusedBlobs(files, size, used)


def _files(folder: Path) -> Iterator[Path]:
    """Blobs, and those that were being written when a process ended. Other people's files are left alone."""
    for below in sorted(path for path in folder.iterdir() if path.is_dir()):
        yield from sorted(path for path in below.iterdir() if _NAME.fullmatch(path.name))
