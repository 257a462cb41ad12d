"""Pass rates as a judge sees them, corrected by what people said of a part.

Two estimators, each with an interval that covers the uncertainty of the calibration too. A judge that
says little about the truth cannot be corrected: its rate is refused, not blown up.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, variance
from typing import Final, NamedTuple

from otel_i2e.stats.proportions import Interval, quantile

__all__ = ["Corrected", "is_informative", "prediction_powered", "rogan_gladen", "youden"]

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
    interval covers test and calibration: shrunken rates and a shifted centre, as in arXiv 2511.21140. Where scores have
    weights, `judged` is the number of draws of `weighted_rate`, and may be a fraction.
    """
    _check(judged_pass, judged)
    if not is_informative(right_passes, passes, right_fails, fails, level):
        return None
    q1, q0 = right_passes / passes, right_fails / fails
    rate = (judged_pass / judged + q0 - 1) / (q0 + q1 - 1)
    counts = _Calibration(right_passes, passes, right_fails, fails)
    return Corrected(_inside(rate), _rogan_gladen_interval(judged_pass, judged, counts, quantile(level)))


def prediction_powered(
    judged: Sequence[float], labelled: Sequence[tuple[float, float]], level: float = 0.95
) -> Corrected | None:
    """The true mean: that of the judge on `judged`, plus that of (human − judge) on `labelled` pairs (judge, human).

    arXiv 2301.09633. The two sets must not share a unit. None with fewer than two of either. It needs no model of
    the judge's errors; a bad judge only makes the interval as wide as the labels alone would.
    """
    return None if len(judged) < 2 else _powered(fmean(judged), variance(judged) / len(judged), labelled, level)


def prediction_powered_rate(
    rate: float, draws: float, labelled: Sequence[tuple[float, float]], level: float = 0.95
) -> Corrected | None:
    """As `prediction_powered`, of a `weighted_rate` of the judge and the draws behind it."""
    return None if draws < 2 else _powered(rate, rate * (1 - rate) / (draws - 1), labelled, level)


def _powered(
    mean: float, mean_variance: float, labelled: Sequence[tuple[float, float]], level: float
) -> Corrected | None:
    if len(labelled) < 2:
        return None
    gaps = [human - judge for judge, human in labelled]
    rate = mean + fmean(gaps)
    half = quantile(level) * sqrt(mean_variance + variance(gaps) / len(gaps))
    return Corrected(_inside(rate), Interval(_inside(rate - half), _inside(rate + half)))


def _rogan_gladen_interval(judged_pass: float, judged: float, counts: _Calibration, z: float) -> Interval:
    n, m1, m0 = judged + z * z, counts.passes + 2, counts.fails + 2
    p = (judged_pass + z * z / 2) / n
    q1, q0 = (counts.right_passes + 1) / m1, (counts.right_fails + 1) / m0
    j = q0 + q1 - 1
    rate = _inside((p + q0 - 1) / j)
    v1, v0 = _variance(q1, m1), _variance(q0, m0)
    half = z * sqrt(_variance(p, n) + (1 - rate) ** 2 * v0 + rate**2 * v1) / j
    middle = rate + 2 * z * z * (rate * v1 - (1 - rate) * v0)
    return Interval(_inside(middle - half), _inside(middle + half))


def _variance(share: float, n: float) -> float:
    return share * (1 - share) / n


def _inside(value: float) -> float:
    return min(1.0, max(0.0, value))


def _check(part: float, n: float) -> None:
    if not 0 <= part <= n or n == 0:
        raise ValueError(f"{part} of {n} is no proportion")
