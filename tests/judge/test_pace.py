"""Requests and input tokens per minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import JudgeError
from otel_i2e.judge.answer import counted_input
from otel_i2e.judge.pace import Pace, TokenPace
from otel_i2e.models import JudgeSettings
from otel_i2e.testing import Reply, Tokens


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
    assert asyncio.run(TokenPace(None).turn(400)) == 100


def test_tokens_are_estimated_by_size_and_corrected_by_what_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty a minute, one a second: a request waits for the tokens of those before it, however many they were."""
    slept = list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("otel_i2e.judge.pace.asyncio.sleep", sleep)
    pace = TokenPace(60, clock=lambda: 100.0)

    async def asked() -> None:
        assert await pace.turn(400) == 100  # nothing is known: four bytes a token
        pace.counted(400, 100, 40)
        assert await pace.turn(200) == 20  # ten bytes a token
        assert await pace.turn(200) == 20

    asyncio.run(asked())
    assert slept == [40, 60]


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"usage": {"input_tokens": 5, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 900}}, 12),
        ({"usage": {"input_tokens": 5, "cache_creation_input_tokens": None}}, 5),
        ({"usage": {"output_tokens": 5}}, None),
        ({"usage": {"input_tokens": "5"}}, None),
        ([], None),
        (None, None),
    ],
)
def test_what_the_prompt_cache_gave_counts_against_no_limit(body: Any, tokens: int | None) -> None:
    """And a body that does not tell corrects nothing."""
    assert counted_input(body) == tokens


def test_the_judge_spreads_its_requests_by_their_tokens(
    court: Callable[[Any], Any], question_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP: the API counts a thousand tokens for each, also where there is no verdict in the answer."""
    slept = list[float]()

    async def sleep(seconds: float) -> None:
        if seconds:
            slept.append(seconds)

    monkeypatch.setattr("otel_i2e.judge.pace.asyncio.sleep", sleep)
    counted = Tokens(uncached_input=1000, output=10, cache_read=5000)
    good = Reply.json({"reasoning": "It says 120.", "choice": "not_satisfied"}, tokens=counted)
    room = court([Reply.json({"choice": "satisfied"}, tokens=counted), good, good])
    settings = JudgeSettings(max_retries=0, concurrency=1, input_tokens_per_minute=60)
    verdicts = room.ask(*[question_of()] * 3, settings=settings)
    assert [isinstance(one, JudgeError) for one in verdicts] == [True, False, False]
    assert slept == pytest.approx([1000, 2000], abs=200)  # the clock ran on, a little
