"""What could not be stored is set aside, not lost: its bytes lie in `<store>.rejected/`, bounded in size.

Each file is the OTLP request as it arrived, `.pb` or `.json`, beside a `.txt` that says why. `i2e status`
shows the counts; a file can be sent again once whatever produced it was mended.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.spool import Batch, Spool
from otel_i2e.workflows.ownership import give_to_owner, make_folder

__all__ = ["REJECTED_BYTES", "rejected_requests", "rejects_folder", "retry_rejected", "set_aside"]

REJECTED_BYTES: Final = 100_000_000
"""Bytes that the folder keeps at most; the oldest requests make room."""
_SUFFIXES: Final = {"protobuf": ".pb", "json": ".json"}


def rejects_folder(settings: Settings) -> Path:
    """Where rejected requests lie, beside the store."""
    return settings.store_path.with_name(settings.store_path.name + ".rejected")


def set_aside(folder: Path, batch: Batch, reasons: str, *, max_bytes: int = REJECTED_BYTES) -> bool:
    """Keep the bytes of `batch` with `reasons`; False when that was not possible. Never raises OSError."""
    received = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(batch.received_at))
    path = folder / f"{received}-{batch.id:08d}-{batch.signal}{_SUFFIXES[batch.encoding]}"
    try:
        make_folder(folder)
        path.write_bytes(batch.body)
        path.with_suffix(".txt").write_text(reasons + "\n", encoding="utf-8")
        give_to_owner(path)
        give_to_owner(path.with_suffix(".txt"))
        _make_room(folder, max_bytes)
    except OSError:
        return False
    return path.exists()


def rejected_requests(settings: Settings) -> list[tuple[Path, str]]:
    """Every request in the folder, the oldest first, with the first reason it was rejected for."""
    folder = rejects_folder(settings)
    if not folder.is_dir():
        return []
    return [(path, _reason(path)) for path in sorted(folder.iterdir()) if path.suffix in _SUFFIXES.values()]


def retry_rejected(settings: Settings) -> int:
    """Put every rejected request into the spool again, and its file into `retried/`; the number. Raises SpoolError."""
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    retried = rejects_folder(settings) / "retried"
    number = 0
    try:
        for path, _ in rejected_requests(settings):
            logs = path.stem.endswith("-logs")
            spool.put(
                path.read_bytes(),
                signal="logs" if logs else "traces",
                encoding="json" if path.suffix == ".json" else "protobuf",
            )
            number += 1
            retried.mkdir(exist_ok=True)
            for moved in (path, path.with_suffix(".txt")):
                with suppress(FileNotFoundError):
                    moved.replace(retried / moved.name)
    finally:
        spool.close()
    return number


def _reason(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.with_suffix(".txt").read_text(encoding="utf-8").partition("\n")[0]
    return "the reason was not kept"


def _make_room(folder: Path, max_bytes: int) -> None:
    kept = 0
    for path in sorted((p for p in folder.iterdir() if p.suffix in _SUFFIXES.values()), reverse=True):
        kept += path.stat().st_size
        if kept > max_bytes:
            for gone in (path, path.with_suffix(".txt")):
                with suppress(FileNotFoundError):
                    gone.unlink()
