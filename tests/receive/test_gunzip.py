"""gzip, as far as it goes."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from typing import Any

import pytest

from otel_i2e.receive.gunzip import Gunzip

PLAIN = b"".join(b"%d %d\n" % (n, random.Random(n).randrange(10**9)) for n in range(30_000))
PACKED = gzip.compress(PLAIN)


def _read(packed: bytes) -> tuple[bytes, str | None]:
    unpacked = Gunzip(io.BufferedReader(io.BytesIO(packed)))  # pyright: ignore[reportArgumentType] -- bytes in memory
    buffered: Any = io.BufferedReader(unpacked)
    return buffered.read(), unpacked.problem


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("padding", [b"", bytes(700)])
def test_whole_data_comes_out_whole(members: int, padding: bytes) -> None:
    """Of one member and of several, with padding after them."""
    assert _read(PACKED * members + padding) == (PLAIN * members, None)


@pytest.mark.parametrize("left", [12, 100, 5_000, 70_000, len(PACKED) - 9, len(PACKED) - 1])
def test_what_was_cut_is_read_to_the_cut(left: int) -> None:
    """All that zlib can make of it."""
    assert _read(PACKED[:left]) == (zlib.decompressobj(31).decompress(PACKED[:left]), "the gzip data ends early")


def test_damage_ends_it_where_it_is() -> None:
    """What stands before comes out; so does all of it when only the checksum is wrong."""
    plain, problem = _read(PACKED[:-8] + bytes(8))
    assert plain == PLAIN
    assert str(problem).startswith("the gzip data is damaged")
    plain, problem = _read(PACKED[:90_000] + bytes(300) + PACKED[90_300:])
    before = zlib.decompressobj(31).decompress(PACKED[:90_000])
    assert plain.startswith(before)
    assert str(problem).startswith("the gzip data is damaged")
