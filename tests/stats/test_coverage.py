"""Do the intervals hold what they promise? Simulations with a fixed seed; `pytest -s` prints the figures."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

import pytest

from otel_i2e.stats import Interval, prediction_powered, rogan_gladen, wilson

SIMULATIONS: Final = 1000


def _hits(random: Random, n: int, share: float) -> int:
    return sum(random.random() < share for _ in range(n))


def _wilson(n: int, share: float) -> Callable[[Random], tuple[float, Interval]]:
    return lambda random: (share, wilson(_hits(random, n, share), n))


def _rogan_gladen(truth: float, sensitivity: float, specificity: float) -> Callable[[Random], tuple[float, Interval]]:
    def simulate(random: Random) -> tuple[float, Interval]:
        judged = truth * sensitivity + (1 - truth) * (1 - specificity)
        found = rogan_gladen(
            _hits(random, 400, judged),
            400,
            right_passes=_hits(random, 100, sensitivity),
            passes=100,
            right_fails=_hits(random, 100, specificity),
            fails=100,
        )
        assert found is not None
        return truth, found.interval

    return simulate


def _prediction_powered(truth: float, sensitivity: float, specificity: float) -> Callable[..., tuple[float, Interval]]:
    def simulate(random: Random) -> tuple[float, Interval]:
        def unit() -> tuple[int, int]:
            human = int(random.random() < truth)
            right = random.random() < (sensitivity if human else specificity)
            return (human if right else 1 - human), human

        found = prediction_powered([unit()[0] for _ in range(400)], [unit() for _ in range(150)])
        assert found is not None
        return truth, found.interval

    return simulate


@pytest.mark.parametrize(
    ("name", "simulate"),
    [
        ("Wilson, n = 50, 0.8", _wilson(50, 0.8)),
        ("Wilson, n = 200, 0.95", _wilson(200, 0.95)),
        ("Wilson, n = 20, 0.3", _wilson(20, 0.3)),
        ("Rogan-Gladen, 0.7", _rogan_gladen(0.7, 0.9, 0.85)),
        ("Rogan-Gladen, 0.5", _rogan_gladen(0.5, 0.8, 0.75)),
        ("prediction-powered, 0.7", _prediction_powered(0.7, 0.9, 0.8)),
        ("prediction-powered, weak judge", _prediction_powered(0.6, 0.6, 0.6)),
    ],
)
def test_a_95_percent_interval_covers_93_to_97(name: str, simulate: Callable[[Random], tuple[float, Interval]]) -> None:
    """In a thousand simulations."""
    random = Random(20261120)
    held = 0
    for _ in range(SIMULATIONS):
        truth, interval = simulate(random)
        held += interval.low <= truth <= interval.high
    print(f"{name}: {held / SIMULATIONS:.1%} of {SIMULATIONS} intervals hold the truth")
    assert 0.93 <= held / SIMULATIONS <= 0.97
