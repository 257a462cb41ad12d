"""Intervals of a proportion.

The interval is Wilson's (1927) score interval: unlike the textbook one it stays inside 0 to 1 and says
something of 0 of n and n of n, which is what a case with a few repeats mostly gives.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

__all__ = ["Interval", "failure_probability", "quantile", "wilson"]


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
    z = quantile(level)
    if n == 0:
        return Interval(0.0, 1.0)
    share, spread = successes / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / n + spread / (4 * n))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return Interval(low, 1.0 if successes == n else min(1.0, middle + half))


def failure_probability(failures: int, repeats: int, level: float = 0.95) -> tuple[float | None, Interval]:
    """How likely a repeat of a case fails, and its Wilson interval; None, and 0 to 1, without a measured repeat."""
    return (failures / repeats if repeats else None), wilson(failures, repeats, level)
