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
from otel_i2e.spool import Batch

__all__ = ["REJECTED_BYTES", "rejects_folder", "set_aside"]

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
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(batch.body)
        path.with_suffix(".txt").write_text(reasons + "\n", encoding="utf-8")
        _make_room(folder, max_bytes)
    except OSError:
        return False
    return path.exists()


def _make_room(folder: Path, max_bytes: int) -> None:
    kept = 0
    for path in sorted((p for p in folder.iterdir() if p.suffix in _SUFFIXES.values()), reverse=True):
        kept += path.stat().st_size
        if kept > max_bytes:
            for gone in (path, path.with_suffix(".txt")):
                with suppress(FileNotFoundError):
                    gone.unlink()
