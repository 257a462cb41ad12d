"""Decompression that never makes more than it may: a bomb ends at the limit, not in memory."""

from __future__ import annotations

import zlib
from typing import Final

from otel_i2e.receive.refused import Refused

__all__ = ["CODINGS", "inflated", "sniffed"]

_STEP: Final = 1 << 20
_GZIP: Final = 16 + zlib.MAX_WBITS
CODINGS: Final = ("identity", "gzip", "deflate")
"""Values of `Content-Encoding` that are understood, one at a time."""


def inflated(body: bytes, coding: str, limit: int) -> bytes:
    """`body` without its content coding.

    Raises Refused: `too large` beyond `limit` bytes, `undecodable` when it is no such stream or ends early,
    `unknown content encoding` for a coding that is not in `CODINGS`, or for several.
    """
    if coding in ("", "identity"):
        if len(body) > limit:
            raise _too_large(limit)
        return body
    if coding not in CODINGS:
        raise Refused(
            "unknown content encoding", f"content encoding {coding!r} is not understood; send {', '.join(CODINGS)}"
        )
    try:
        return _members(body, _wbits(body, coding), limit)
    except zlib.error as error:
        raise Refused("undecodable", f"the body is not valid {coding}: {error}") from None


def sniffed(body: bytes) -> str:
    """The coding that the first bytes show. No OTLP request begins so: field 3 and field 15 do not exist in it."""
    if body[:2] == b"\x1f\x8b":
        return "gzip"
    if body[:1] == b"\x78" and len(body) > 1 and int.from_bytes(body[:2]) % 31 == 0:
        return "deflate"
    return "identity"


def _wbits(body: bytes, coding: str) -> int:
    if coding == "gzip":
        return _GZIP
    # HTTP's "deflate" is a zlib stream (RFC 9110, 8.4.1.2), but some senders leave the zlib header out
    return zlib.MAX_WBITS if sniffed(body) == "deflate" else -zlib.MAX_WBITS


def _members(body: bytes, wbits: int, limit: int) -> bytes:
    """Every member of the stream: gzip allows several, one after another (RFC 1952, 2.2)."""
    pieces: list[bytes] = []
    size = 0
    rest = body
    while rest:
        stream = zlib.decompressobj(wbits)
        while not stream.eof:
            piece = stream.decompress(rest, min(_STEP, limit + 1 - size))
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            if not piece and not rest and not stream.eof:
                raise Refused("undecodable", "the compressed body ends early")
            pieces.append(piece)
        if wbits != _GZIP:
            break
        rest = rest.lstrip(b"\0")
    return b"".join(pieces)


def _too_large(limit: int) -> Refused:
    return Refused("too large", f"the request is larger than {limit:,} bytes after decompression; send smaller batches")
