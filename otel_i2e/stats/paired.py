"""Did it get worse? Exact one-sided tests on the same cases before and now, and on one case's repeats.

Each gives the probability of a drop at least as large as the one seen if nothing had changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt
from statistics import NormalDist
from typing import Final

__all__ = ["fisher_drop", "mcnemar_drop", "sign_flip_drop"]

_EXACT: Final = 1000


def mcnemar_drop(broke: int, fixed: int) -> float:
    """McNemar's exact test: of `broke` + `fixed` cases that changed, at least `broke` would fall this way by chance."""
    if broke < 0 or fixed < 0:
        raise ValueError(f"{broke} and {fixed} are no counts")
    changed = broke + fixed
    return sum(comb(changed, k) for k in range(broke, changed + 1)) / 2**changed


def sign_flip_drop(drops: Sequence[int]) -> float:
    """The exact randomization test on paired differences: `drops` are passes before − passes now, one for each case.

    If nothing changed, each difference is as likely with either sign; all 2ⁿ choices of signs are counted, by the
    sum that they give. With differences of −1, 0 and 1 only, this is McNemar's test. Cases must have been repeated
    as often before as now. With more than a thousand cases that differ, the sum is taken to be normal.
    """
    sizes = [abs(drop) for drop in drops if drop]
    observed, reach = sum(drops), sum(sizes)
    if len(sizes) > _EXACT:
        return 1 - NormalDist(0, sqrt(sum(size * size for size in sizes))).cdf(observed)
    ways = 1  # one big integer holds the number of choices per sum: `width` bits for each
    width = len(sizes) + 1
    for size in sizes:
        ways = (ways << (2 * size * width)) + ways
    first = observed + reach  # even: sums differ from −reach in steps of 2
    tail = ways >> (first * width)
    mask = (1 << width) - 1
    count = 0
    while tail:
        count += tail & mask
        tail >>= width
    return count / 2 ** len(sizes)


def fisher_drop(passed_before: int, repeats_before: int, passed_now: int, repeats_now: int) -> float:
    """Fisher's exact test on one case: as few passes now, or fewer, would come by chance."""
    if not (0 <= passed_before <= repeats_before and 0 <= passed_now <= repeats_now):
        raise ValueError("passed repeats must lie between 0 and the repeats")
    passed, repeats = passed_before + passed_now, repeats_before + repeats_now
    least = max(0, passed - repeats_before)
    ways = sum(comb(repeats_now, k) * comb(repeats_before, passed - k) for k in range(least, passed_now + 1))
    return ways / comb(repeats, passed)
