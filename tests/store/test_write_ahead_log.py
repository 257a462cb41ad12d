"""The log's framing: what a kill leaves is no damage, what a wrong size leaves is."""

from __future__ import annotations

import struct

import pytest

from otel_i2e.store.write_ahead_log import hidden_damage

pytestmark = pytest.mark.usefixtures("schema_made_anew")

HEADER = bytes.fromhex("640062650002660010") + b"i" * 16 + bytes.fromhex("6700 01 ffff")


def _entry(size: int) -> bytes:
    payload = b"\x64\x00" + b"x" * (size - 4) + b"\xff\xff"
    return struct.pack("<QQ", size, 7) + payload


LOG = HEADER + _entry(100) + _entry(200) + _entry(300)


def test_a_whole_log_is_whole() -> None:
    """Also with the zeros of a power cut behind it, and one that is hardly begun."""
    assert hidden_damage(LOG) is None
    assert hidden_damage(LOG + bytes(5000)) is None
    assert hidden_damage(LOG[:30]) is None


@pytest.mark.parametrize("length", range(len(HEADER) + 60, len(LOG), 7))
def test_a_log_that_ends_anywhere_is_what_a_kill_leaves(length: int) -> None:
    """Nothing that was acknowledged is behind its end."""
    assert hidden_damage(LOG[:length]) is None


@pytest.mark.parametrize("entry", [0, 1])
@pytest.mark.parametrize("byte", range(8))
def test_a_wrong_size_before_whole_entries_is_damage(entry: int, byte: int) -> None:
    """Whichever byte of the size it is."""
    wounded = bytearray(LOG)
    wounded[len(HEADER) + entry * 116 + byte] ^= 0xC1
    assert hidden_damage(bytes(wounded)) is not None


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4, 6, 7])
def test_another_header_is_damage(at: int) -> None:
    """DuckDB would read nothing, and say nothing."""
    wounded = bytearray(LOG)
    wounded[at] ^= 0x41
    assert "header" in (hidden_damage(bytes(wounded)) or "")
