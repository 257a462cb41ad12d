"""Intervals of a proportion.

The interval is Wilson's (1927) score interval: unlike the textbook one it stays inside 0 to 1 and says
something of 0 of n and n of n, which is what a case with a few repeats mostly gives.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

__all__ = ["Interval", "failure_probability", "quantile", "wilson", "wilson_share"]


class Interval(NamedTuple):
    """From `low` to `high`, both included."""

    low: float
    high: float


def quantile(level: float) -> float:
    """Standard deviations on either side of the mean that hold `level` of a normal distribution: 0.95 → 1.96.

    Raises ValueError unless `level` lies between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} is not between 0 and 1")
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's interval of a proportion; 0 to 1 when there is nothing to go by.

    Raises ValueError unless 0 ≤ successes ≤ n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no proportion")
    return Interval(0.0, 1.0) if n == 0 else wilson_share(successes / n, n, level)


def wilson_share(share: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's interval of a share that was seen in `n` draws, which may be a fraction where draws count unequally.

    Raises ValueError unless 0 ≤ share ≤ 1 and n > 0.
    """
    if not 0 <= share <= 1 or n <= 0:
        raise ValueError(f"{share} in {n} draws is no share")
    z = quantile(level)
    spread = z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / n + spread / (4 * n))
    return Interval(max(0.0, middle - half) if share else 0.0, min(1.0, middle + half) if share < 1 else 1.0)


def failure_probability(failures: int, repeats: int, level: float = 0.95) -> tuple[float | None, Interval]:
    """How likely a repeat of a case fails, and its Wilson interval; None, and 0 to 1, without a measured repeat."""
    return (failures / repeats if repeats else None), wilson(failures, repeats, level)
