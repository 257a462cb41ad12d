"""gzip, read as far as it goes: whatever a file has before its end or its damage is given out first."""

from __future__ import annotations

import io
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Gunzip"]

_GZIP: Final = 16 + zlib.MAX_WBITS
_READ: Final = 1 << 16
_MOST: Final = 1 << 20


class Gunzip(io.RawIOBase):
    """The decompressed bytes of `source`, of all its members; ends at damage, and then `problem` says what it is.

    `gzip.GzipFile` raises instead, and what a buffer around it had read until then is lost.
    """

    def __init__(self, source: io.BufferedReader[Any]) -> None:
        self._source = source
        self._stream = zlib.decompressobj(_GZIP)
        self._packed = b""
        self._plain = memoryview(b"")
        self._ended = False
        self.problem: str | None = None
        """What ended it before its end; None when nothing did."""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """As many bytes as there are; 0 at the end."""
        into = memoryview(buffer).cast("B")
        while not self._plain and not self._ended:
            self._plain = memoryview(self._next())
        size = min(len(into), len(self._plain))
        into[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size

    def _next(self) -> bytes:
        if self._stream.eof:
            self._packed = self._stream.unused_data.lstrip(b"\0")  # padding, as tapes and disks have it
            self._stream = zlib.decompressobj(_GZIP)
            if not self._more():
                return self._end(None)
        elif not self._more():
            self._end("the gzip data ends early")
            return self._stream.flush()
        before = self._stream.copy()
        try:
            plain = self._stream.decompress(self._packed, _MOST)
        except zlib.error as error:
            return self._until_damage(before, str(error))
        self._packed = self._stream.unconsumed_tail
        return plain

    def _more(self) -> bool:
        """Whether there is anything left to decompress."""
        if not self._packed:
            try:
                self._packed = self._source.read1(_READ)
            except OSError as error:
                self._end(f"{error.strerror or error}")
        return bool(self._packed)

    def _until_damage(self, stream: Any, error: str) -> bytes:
        """What comes out of `stream` byte by byte, until the one that is wrong."""
        self._end(f"the gzip data is damaged: {error}")
        plain = bytearray()
        with suppress(zlib.error):  # told above
            for at in range(len(self._packed)):
                plain += stream.decompress(self._packed[at : at + 1])
        return bytes(plain)

    def _end(self, problem: str | None) -> bytes:
        self._ended = True
        self.problem = self.problem or problem
        return b""
