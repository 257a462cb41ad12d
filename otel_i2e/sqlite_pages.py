"""SQLite's file formats, read without SQLite: for what it does not notice, and for what it no longer reads.

SQLite ends its write-ahead log at the first frame whose checksum is wrong, without a word, and refuses a table whose
tree is broken. The frames and pages behind that are whole. Source: sqlite.org/fileformat2.html, sections 1.5, 1.6, 2
and 4. Pure: bytes in, rows out.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Generator, Iterator, Mapping
from mmap import mmap
from typing import Final, NamedTuple

__all__ = ["PAGE_BYTES", "Frame", "Pages", "Value", "frames", "lost_frames", "page_sizes", "records"]

Value = None | int | float | str | bytes
PAGE_BYTES: Final = 16_384
"""Of a new spool. SQLite writes page by page, so a batch takes half the CPU that it takes at the usual 4,096 bytes."""
_SIZES: Final = (PAGE_BYTES, 4096)
"""Of spools of this version and of earlier ones."""
_LOG_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
_LEAF: Final = 13
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_FILE_HEADER: Final = 100
_INDEX: Final = 48


class Frame(NamedTuple):
    """One page in the write-ahead log."""

    page: int
    commits: bool
    """Whether a transaction ends with it."""
    intact: bool
    data: bytes


def frames(log: bytes) -> list[Frame]:
    """The frames of the log's present round. Each is checked by itself, against what the one before it says."""
    if len(log) < _LOG_HEADER + _FRAME_HEADER:
        return []
    magic, _, told, _, *salts, first, second = struct.unpack_from(">8I", log)
    size = _log_page_size(log)
    order = _MAGIC.get(magic, "")
    sound = bool(order) and told == size and _checksum(order, (0, 0), log[:24]) == (first, second)
    before: tuple[int, int] | None = (first, second) if sound else None
    if not sound:  # the frames say what the header does not
        order = "<" if sys.byteorder == "little" else ">"
        salts = list(struct.unpack_from(">2I", log, _LOG_HEADER + 8))
    found: list[Frame] = []
    for at in range(_LOG_HEADER, len(log) - _FRAME_HEADER - size + 1, _FRAME_HEADER + size):
        page, commit, *given, first, second = struct.unpack_from(">6I", log, at)
        data = log[at + _FRAME_HEADER : at + _FRAME_HEADER + size]
        intact = (
            given == salts
            and before is not None
            and _checksum(order, before, log[at : at + 8] + data) == (first, second)
        )
        before = (first, second)
        found.append(Frame(page, commit > 0, intact, data))
    return found


def lost_frames(log: bytes, index: bytes) -> int:
    """How many of the frames that were committed are not intact, or not there; `index` is the `-shm` file.

    The index knows how many there are: what lies behind them is of a transaction that never ended. 0 when it is of
    another round of the log.
    """
    if len(index) < 2 * _INDEX or index[:_INDEX] != index[_INDEX : 2 * _INDEX]:  # none, or just being written
        return 0
    if not index[12] or len(log) < _LOG_HEADER:
        return 0
    (committed,) = struct.unpack_from("=I", index, 16)
    found = frames(log)[:committed]
    salts = index[32:40]
    if salts not in (log[16:24], *_salts(log, _log_page_size(log))):
        return 0
    return committed - sum(frame.intact for frame in found)


def page_sizes(head: bytes, log: list[Frame]) -> tuple[int, ...]:
    """What the pages of a file may measure that begins with `head` and has this log: several, when neither says."""
    told = int.from_bytes(head[16:18], "big")
    if told in _SIZES:
        return (told,)
    return (len(log[0].data),) if log else _SIZES


def _log_page_size(log: bytes) -> int:
    """As its header says, unless the frames contradict: those of one round have the same salts."""
    (told,) = struct.unpack_from(">I", log, 8)
    sizes = sorted(_SIZES, key=lambda size: size != told)
    return next((size for size in sizes if len(set(_salts(log, size))) == 1), sizes[0])


def _salts(log: bytes, size: int) -> tuple[bytes, bytes]:
    """Of the first frame and of the second, where pages are of this size."""
    first, second = (at + 8 for at in (_LOG_HEADER, _LOG_HEADER + _FRAME_HEADER + size))
    return log[first : first + 8], log[second : second + 8]


class Pages(Mapping[int, bytes]):
    """Page number → its newest intact content: of the log's frames, else of the file, which may be a memory map.

    `size` is that of a page in bytes.
    """

    def __init__(self, file: bytes | mmap, log: list[Frame], size: int = PAGE_BYTES) -> None:
        self._file, self._size = file, size
        self._newer = {frame.page: frame.data for frame in log if frame.intact and len(frame.data) == size}
        self._last = max([len(file) // size, *self._newer])

    def __getitem__(self, number: int) -> bytes:
        if number in self._newer:
            return self._newer[number]
        page = self._file[(number - 1) * self._size : number * self._size]
        if number < 1 or len(page) != self._size:
            raise KeyError(number)
        return page

    def __iter__(self) -> Iterator[int]:
        return (number for number in range(1, self._last + 1) if number in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def records(found: Mapping[int, bytes]) -> Generator[tuple[int, list[Value]]]:
    """Row id and values of every row on every leaf page of a table, whether its tree still leads there or not.

    Rows that are not whole are left out; rows that were deleted may come again.
    """
    for number, page in found.items():
        start = _FILE_HEADER if number == 1 else 0
        if page[start] != _LEAF:
            continue
        (cells,) = struct.unpack_from(">H", page, start + 3)
        for cell in range(min(cells, (len(page) - start - 8) // 2)):
            (at,) = struct.unpack_from(">H", page, start + 8 + 2 * cell)
            try:
                yield _row(found, page, at)
            except (IndexError, KeyError, ValueError, struct.error, OverflowError):
                continue


def _row(found: Mapping[int, bytes], page: bytes, at: int) -> tuple[int, list[Value]]:
    size, at = _varint(page, at)
    row, at = _varint(page, at)
    payload = _payload(found, page, at, size)
    end, at = _varint(payload, 0)
    values: list[Value] = []
    place = end
    while at < end:
        kind, at = _varint(payload, at)
        value, place = _value(payload, place, kind)
        values.append(value)
    return row, values


def _payload(found: Mapping[int, bytes], page: bytes, at: int, size: int) -> bytes:
    """The bytes of a row, of which a long one has all but the first on overflow pages."""
    usable = len(page)
    most = usable - 35
    if size <= most:
        return _whole(page[at : at + size], size)
    least = (usable - 12) * 32 // 255 - 23
    local = least + (size - least) % (usable - 4)
    local = local if local <= most else least
    parts, left = [page[at : at + local]], size - local
    (following,) = struct.unpack_from(">I", page, at + local)
    visited: set[int] = set()
    while left > 0:
        if following in visited:
            raise ValueError(following)
        visited.add(following)
        overflow = found[following]
        (following,) = struct.unpack_from(">I", overflow)
        parts.append(overflow[4 : 4 + left])
        left -= usable - 4
    return _whole(b"".join(parts), size)


def _whole(payload: bytes, size: int) -> bytes:
    if len(payload) != size:
        raise ValueError(size)
    return payload


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in _INTEGERS:
        end = at + _INTEGERS[kind]
        return int.from_bytes(_whole(payload[at:end], end - at), "big", signed=True), end
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind in (8, 9):
        return kind - 8, at
    if kind < 12:
        raise ValueError(kind)
    end = at + (kind - 12) // 2
    content = _whole(payload[at:end], end - at)
    return (content.decode() if kind % 2 else content), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(9):
        byte = data[at + n]
        if n == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    raise ValueError(at)


def _checksum(order: str, start: tuple[int, int], data: bytes) -> tuple[int, int]:
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
