"""What a comparison could have seen: power of McNemar's exact test, and the smallest drop that it finds.

The model: of n paired cases a share `churn` changes sides without cause, as often up as down (flaky
cases do), and the drop adds cases that only go down. Up to 300 cases the power is summed exactly; above,
it is Connor's normal approximation (1987), with the correction for continuity: within two points, in no time.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import Final

from otel_i2e.stats.paired import mcnemar_drop

__all__ = ["drop_power", "smallest_drop"]

_NOTHING: Final = 1e-9
_EXACT: Final = 300


def drop_power(n: int, drop: float, *, churn: float = 0.0, alpha: float = 0.05) -> float:
    """The probability that a drop of `drop` (0 to 1) in n paired cases is found significant at `alpha`, one-sided."""
    changed = min(1.0, drop + churn)
    if n < 1 or changed <= 0:
        return 0.0
    if n > _EXACT:
        return _approximate(n, drop, changed, alpha)
    down = min(1.0, (drop + churn / 2) / changed)
    weights = ((m, _binomial(n, m, changed)) for m in range(1, n + 1))
    return min(1.0, sum(weight * _found(m, down, alpha) for m, weight in weights if weight > _NOTHING))


@lru_cache(maxsize=1024)
def smallest_drop(n: int, *, churn: float = 0.0, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """The smallest drop, 0 to 1, that n paired cases find with probability `power`; None when they find none at all."""
    low, high = 0.0, 1.0 - churn
    if drop_power(n, high, churn=churn, alpha=alpha) < power:
        return None
    while high - low > 0.0005:
        middle = (low + high) / 2
        if drop_power(n, middle, churn=churn, alpha=alpha) < power:
            low = middle
        else:
            high = middle
    return high


def _approximate(n: int, drop: float, changed: float, alpha: float) -> float:
    normal = NormalDist()
    spread = sqrt(max(changed - drop * drop, 1e-12))
    return normal.cdf((drop * sqrt(n) - 1 / sqrt(n) - normal.inv_cdf(1 - alpha) * sqrt(changed)) / spread)


def _found(changed: int, down: float, alpha: float) -> float:
    least = _least(changed, alpha)
    return 0.0 if least is None else sum(_binomial(changed, k, down) for k in range(least, changed + 1))


@lru_cache(maxsize=8192)
def _least(changed: int, alpha: float) -> int | None:
    """The fewest of `changed` cases that must have broken for the test to say so."""
    low, high = 0, changed + 1
    while low < high:
        middle = (low + high) // 2
        if mcnemar_drop(middle, changed - middle) <= alpha if middle <= changed else True:
            high = middle
        else:
            low = middle + 1
    return low if low <= changed else None


def _binomial(n: int, k: int, p: float) -> float:
    if p <= 0 or p >= 1:
        return float(k == (n if p >= 1 else 0))
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(p) + (n - k) * log(1 - p))
