"""What can be told of DuckDB's write-ahead log without DuckDB, which reads up to what it does not understand and stops.

A log is a header and then entries, each framed as `size (8 bytes), checksum (8 bytes), payload`. A process that was
killed leaves a last entry that is not whole: nothing that was acknowledged. A wrong size in the middle looks the same
to DuckDB, but whole entries follow it.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["hidden_damage"]

_HEADER: Final = ((0, b"\x64\x00\x62\x65\x00"), (6, b"\x66\x00"))
"""The fixed bytes of the entry that names the version, as DuckDB 1.5 and 2.0 write it."""
_HEADER_END: Final = b"\x67\x00"
_ENTRY_END: Final = b"\xff\xff"
_FRAME: Final = 16
_LONGEST_HEADER: Final = 80


def hidden_damage(log: bytes) -> str | None:
    """What is wrong with a log that DuckDB would pass over without a word; None when there is nothing."""
    if len(log) < _LONGEST_HEADER:
        return None
    first = _first_entry(log)
    at = _walked(log, first)
    if not first or (at == first and any(_walked(log, other) == len(log) for other in range(8, _LONGEST_HEADER))):
        return "the header of the write-ahead log is not DuckDB's"
    if log[at:].strip(b"\0") and _entries_follow(log, at):
        return f"entries of the write-ahead log follow one at byte {at} whose size is wrong"
    return None


def _first_entry(log: bytes) -> int:
    """Where the header ends; 0 when it is none."""
    if not all(log.startswith(fixed, at) for at, fixed in _HEADER):
        return 0
    end = log.find(_HEADER_END, 8, _LONGEST_HEADER)
    return 0 if end < 0 else log.find(_ENTRY_END, end, _LONGEST_HEADER) + len(_ENTRY_END)


def _entries_follow(log: bytes, at: int) -> bool:
    """Whether whole entries, up to the log's end, begin somewhere behind `at`."""
    end = log.find(_ENTRY_END, at)
    while end >= 0:
        if len(log) - end > _FRAME and _walked(log, end + len(_ENTRY_END)) == len(log):
            return True
        end = log.find(_ENTRY_END, end + 1)
    return False


def _walked(log: bytes, at: int) -> int:
    """The end of the last whole entry."""
    while at + _FRAME <= len(log):
        (size,) = struct.unpack_from("<Q", log, at)
        if not size or at + _FRAME + size > len(log):
            break
        at += _FRAME + size
    return at
