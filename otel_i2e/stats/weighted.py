"""A rate from a sample whose members stand for different numbers of others.

The rate is the ratio of weights (Hájek, 1971): what passed, over everything. Its variance is that of a ratio of sums
over clusters, linearized (Särndal, Swensson, Wretman, 1992, section 5.6): traces are drawn, so a trace is one cluster,
however many of its spans were scored. The interval is Wilson's, at the number of independent draws that would vary as
much (Korn and Graubard, 1998).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from otel_i2e.stats.proportions import Interval, wilson_share

__all__ = ["ClusterSums", "WeightedRate", "cluster_sums", "weighted_rate"]


class ClusterSums(NamedTuple):
    """What the rate and its interval are computed from; p and w are a cluster's weight that passed, and all of it."""

    w: float = 0.0
    """Sum of w."""
    p: float = 0.0
    """Sum of p."""
    ww: float = 0.0
    """Sum of w²."""
    pw: float = 0.0
    """Sum of p·w."""
    pp: float = 0.0
    """Sum of p²."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ClusterSums:
        """From a row that has these columns; NULL is 0."""
        return cls(*(float(row[name] or 0.0) for name in cls._fields))


class WeightedRate(NamedTuple):
    """An estimated rate."""

    rate: float
    """Share that passes, among all that the sample stands for."""
    interval: Interval
    """Where the rate lies, at the level that was asked for."""
    draws: float
    """Independent draws that would tell as much: fewer than were made when weights differ."""


def cluster_sums(scores: Iterable[tuple[str, float, bool]]) -> ClusterSums:
    """The sums over scores: trace, weight, whether it passed."""
    clusters: dict[str, tuple[float, float]] = {}
    for trace, weight, passed in scores:
        w, p = clusters.get(trace, (0.0, 0.0))
        clusters[trace] = (w + weight, p + weight * passed)
    pairs = list(clusters.values())
    return ClusterSums(
        w=sum(w for w, _ in pairs),
        p=sum(p for _, p in pairs),
        ww=sum(w * w for w, _ in pairs),
        pw=sum(p * w for w, p in pairs),
        pp=sum(p * p for _, p in pairs),
    )


def weighted_rate(sums: ClusterSums, level: float = 0.95) -> WeightedRate | None:
    """The rate with its interval; None when nothing stands for anything."""
    if sums.w <= 0:
        return None
    rate = min(1.0, sums.p / sums.w)
    even = sums.w**2 / sums.ww
    variance = (sums.pp - 2 * rate * sums.pw + rate**2 * sums.ww) / sums.w**2
    # without any spread among the scored (all pass, or all fail), the weights alone say how much they tell (Kish)
    draws = rate * (1 - rate) / variance if 0 < rate < 1 and variance > 1e-15 else even
    return WeightedRate(rate, wilson_share(rate, draws, level), draws)
