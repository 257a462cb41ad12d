"""Requests per minute."""

from __future__ import annotations

import asyncio

import pytest

from otel_i2e.judge.pace import Pace


def test_turns_are_spread_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty a minute: at once, then one second apart; a pause does not let the next ones come together."""
    now, slept = [0.0], list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("otel_i2e.judge.pace.asyncio.sleep", sleep)
    pace = Pace(60, clock=lambda: now[0])

    async def three() -> None:
        for _ in range(3):
            await pace.turn()

    asyncio.run(three())
    assert slept == [1.0, 2.0]
    now[0] = 10.0
    asyncio.run(three())
    assert slept[2:] == [1.0, 2.0]


def test_without_a_limit_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by default."""
    monkeypatch.delattr("otel_i2e.judge.pace.asyncio.sleep")
    asyncio.run(Pace(None).turn())
