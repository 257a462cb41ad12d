"""How much memory this process takes beyond what it began with: of what is still arriving, gRPC says nothing else."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["MOST_GROWTH", "Growth"]

MOST_GROWTH: Final = 128 * 1024 * 1024
"""Bytes: what a few of the largest messages take, while they arrive."""
_STATM: Final = Path("/proc/self/statm")
"""Pages of this process, the second number those in memory. Linux has it."""


class Growth:
    """Since it was made."""

    def __init__(self, most: int = MOST_GROWTH) -> None:
        self._most = most
        self._before = _resident()

    def is_too_much(self) -> bool:
        """Whether it is more than `most` bytes, when free memory is given back first. Never, where nobody says so."""
        if _resident() - self._before <= self._most:
            return False
        with suppress(AttributeError, OSError):  # glibc keeps what was freed in small pieces
            ctypes.CDLL(None).malloc_trim(0)
        return _resident() - self._before > self._most


def _resident() -> int:
    """Bytes in memory; 0 where nobody says so."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
