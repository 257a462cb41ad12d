"""What this process takes beyond what it began with."""

from __future__ import annotations

import pytest

from otel_i2e.receive import growth
from otel_i2e.receive.growth import Growth

MIB = 1024 * 1024


@pytest.mark.skipif(not growth._STATM.exists(), reason="nobody says what a process takes")
def test_memory_that_is_held_is_told_and_what_was_freed_is_not() -> None:
    """Small pieces that were freed are given back first."""
    since = Growth(32 * MIB)
    assert not since.is_too_much()
    pieces = [bytes(60_000) for _ in range(2_000)]
    assert since.is_too_much()
    pieces.clear()
    assert not since.is_too_much()


def test_where_nobody_says_nothing_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.setattr(growth, "_STATM", growth._STATM / "none")
    assert not Growth(0).is_too_much()
