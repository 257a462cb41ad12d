"""Pass rates as a judge sees them, corrected by what people said of a part.

Two estimators, each with an interval that covers the uncertainty of the calibration too. A judge that
says little about the truth cannot be corrected: its rate is refused, not blown up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import hypot, sqrt
from statistics import fmean, variance
from typing import Final, NamedTuple

from otel_i2e.stats.proportions import Interval, quantile, wilson_share

__all__ = [
    "Corrected",
    "is_informative",
    "is_usable",
    "prediction_powered",
    "prediction_powered_rate",
    "rogan_gladen",
    "solved",
    "youden",
]

_LEAST_J: Final = 0.3


class Corrected(NamedTuple):
    """A rate and its interval, both held inside 0 to 1."""

    rate: float
    interval: Interval


class _Calibration(NamedTuple):
    right_passes: int
    passes: int
    right_fails: int
    fails: int


def youden(right_passes: int, passes: int, right_fails: int, fails: int, level: float = 0.95) -> tuple[float, Interval]:
    """Youden's J, sensitivity + specificity − 1, with an interval from shrunken rates (Agresti and Caffo, 2000).

    `passes` are the labelled cases that a person passed, of which the judge passed `right_passes`; the same for
    `fails`. Raises ValueError when there are none of either.
    """
    _check(right_passes, passes)
    _check(right_fails, fails)
    z = quantile(level)
    sensitivity, specificity = (right_passes + 1) / (passes + 2), (right_fails + 1) / (fails + 2)
    spread = z * sqrt(_variance(sensitivity, passes + 2) + _variance(specificity, fails + 2))
    middle = sensitivity + specificity - 1
    j = right_passes / passes + right_fails / fails - 1
    return j, Interval(max(-1.0, middle - spread), min(1.0, middle + spread))


def is_informative(right_passes: int, passes: int, right_fails: int, fails: int, level: float = 0.95) -> bool:
    """Whether a rate of this judge may be corrected: J is at least 0.3, and its interval does not touch 0."""
    if not passes or not fails:
        return False
    j, interval = youden(right_passes, passes, right_fails, fails, level)
    return is_usable(j, interval)


def is_usable(j: float, interval: Interval) -> bool:
    """Whether Youden's J is large enough, and shown not to be 0, for rates to be divided by it."""
    return j >= _LEAST_J and interval.low > 0


def rogan_gladen(
    judged_pass: float,
    judged: float,
    *,
    right_passes: int,
    passes: int,
    right_fails: int,
    fails: int,
    level: float = 0.95,
) -> Corrected | None:
    """The true pass rate behind `judged_pass` of `judged`, by Rogan and Gladen; None when the judge is not informative.

    θ = (p + q0 − 1) / (q0 + q1 − 1), with q1 the sensitivity and q0 the specificity on the labelled cases. The
    interval covers test and calibration: Wilson's of p, q1 and q0, put together as Fieller does for a ratio. Where
    scores have weights, `judged` is the number of draws of `weighted_rate`, and may be a fraction.
    """
    _check(judged_pass, judged)
    if not is_informative(right_passes, passes, right_fails, fails, level):
        return None
    q1, q0 = right_passes / passes, right_fails / fails
    rate = (judged_pass / judged + q0 - 1) / (q0 + q1 - 1)
    counts = _Calibration(right_passes, passes, right_fails, fails)
    return Corrected(_inside(rate), _rogan_gladen_interval(judged_pass, judged, counts, level))


def prediction_powered(
    judged: Sequence[float], labelled: Sequence[tuple[float, float]], level: float = 0.95
) -> Corrected | None:
    """The true mean: that of the judge on `judged`, plus that of (human − judge) on `labelled` pairs (judge, human).

    arXiv 2301.09633. The two sets must not share a unit. None with fewer than two of either. It needs no model of
    the judge's errors; a bad judge only makes the interval as wide as the labels alone would. Values are 0 to 1.
    """
    if len(judged) < 2:
        return None
    mean, half = fmean(judged), quantile(level) * sqrt(variance(judged) / len(judged))
    return _powered(mean, Interval(mean - half, mean + half), labelled, level)


def prediction_powered_rate(
    rate: float, draws: float, labelled: Sequence[tuple[float, float]], level: float = 0.95
) -> Corrected | None:
    """As `prediction_powered`, of a `weighted_rate` of the judge and the draws behind it."""
    return None if draws < 2 else _powered(rate, wilson_share(rate, draws, level), labelled, level)


def _powered(judged: float, ends: Interval, labelled: Sequence[tuple[float, float]], level: float) -> Corrected | None:
    if len(labelled) < 2:
        return None
    gaps = [human - judge for judge, human in labelled]
    gap, (low, high) = fmean(gaps), _gap(gaps, level)
    rate = judged + gap
    down, up = hypot(judged - ends.low, gap - low), hypot(ends.high - judged, high - gap)
    return Corrected(_inside(rate), Interval(_inside(rate - down), _inside(rate + up)))


def _gap(gaps: Sequence[float], level: float) -> Interval:
    """Of the mean of gaps from -1 to 1, half a gap of either size added (Agresti and Min, Statistics in Medicine 24,
    2005): a few labels without a gap do not show that there is none.
    """
    n = len(gaps) + 1
    middle, square = sum(gaps) / n, (sum(gap * gap for gap in gaps) + 1) / n
    half = quantile(level) * sqrt((square - middle**2) / n)
    return Interval(middle - half, middle + half)


def solved(left: Callable[[float], Interval]) -> Interval:
    """The rates, 0 to 1, at which the interval of what is `left` over holds 0 (Fieller); it falls as the rate grows."""
    return Interval(_root(lambda rate: left(rate).low), _root(lambda rate: left(rate).high))


def _root(of: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    if of(low) <= 0:
        return low
    while high - low > 1e-5:
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle) > 0 else (low, middle)
    return high


def _rogan_gladen_interval(judged_pass: float, judged: float, counts: _Calibration, level: float) -> Interval:
    """Of the rates at which p - θ·q1 - (1 - θ)·(1 - q0) may be 0, each of the three within its Wilson interval."""
    p, q1, q0 = judged_pass / judged, counts.right_passes / counts.passes, counts.right_fails / counts.fails
    ps = wilson_share(p, judged, level)
    q1s, q0s = wilson_share(q1, counts.passes, level), wilson_share(q0, counts.fails, level)

    def left(rate: float) -> Interval:
        at = p - rate * q1 - (1 - rate) * (1 - q0)
        down = hypot(p - ps.low, rate * (q1s.high - q1), (1 - rate) * (q0 - q0s.low))
        up = hypot(ps.high - p, rate * (q1 - q1s.low), (1 - rate) * (q0s.high - q0))
        return Interval(at - down, at + up)

    return solved(left)


def _variance(share: float, n: float) -> float:
    return share * (1 - share) / n


def _inside(value: float) -> float:
    return min(1.0, max(0.0, value))


def _check(part: float, n: float) -> None:
    if not 0 <= part <= n or n == 0:
        raise ValueError(f"{part} of {n} is no proportion")
