"""The fixed clock."""

from __future__ import annotations

from datetime import timedelta

from otel_i2e.testing import FixedClock


def test_stands_still_until_moved() -> None:
    """Two looks show one time; `forward` moves it."""
    clock = FixedClock()
    before = clock()
    assert clock() == before
    clock.forward(hours=3)
    assert clock() - before == timedelta(hours=3)
