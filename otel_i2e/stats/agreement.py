"""Agreement between people, or between a person and a judge, beyond what chance alone would give.

1 is agreement throughout, 0 is chance, below 0 is worse than chance. None: nothing to agree on was seen
(no units, or a single category everywhere), where the coefficients are 0/0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

__all__ = ["cohen_kappa", "fleiss_kappa", "krippendorff_alpha"]


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's kappa (1960) of two raters' categories for the same units. ValueError when they are not as many."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} ratings are not of the same units")
    n = len(first)
    if n == 0:
        return None
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    ones, others = Counter(first), Counter(second)
    return _beyond(agreed, sum(ones[category] * others[category] for category in ones) / n**2)


def fleiss_kappa(ratings: Sequence[Sequence[Hashable]]) -> float | None:
    """Fleiss' kappa (1971): per unit the categories that its raters gave, as many raters for each, two at least.

    Raises ValueError when units have different numbers of raters; Krippendorff's alpha takes those.
    """
    sizes = {len(unit) for unit in ratings}
    if not sizes:
        return None
    if len(sizes) > 1 or min(sizes) < 2:
        raise ValueError(f"units have {sorted(sizes)} raters; all need the same number, two at least")
    raters, units = sizes.pop(), len(ratings)
    counts = [Counter(unit) for unit in ratings]
    agreed = sum(n * (n - 1) for unit in counts for n in unit.values()) / (units * raters * (raters - 1))
    totals = sum(counts, Counter[Hashable]())
    return _beyond(agreed, sum((n / (units * raters)) ** 2 for n in totals.values()))


def krippendorff_alpha(ratings: Sequence[Sequence[Hashable | None]]) -> float | None:
    """Krippendorff's alpha for nominal data: per unit the categories that were given, None for a missing one.

    A unit with fewer than two ratings says nothing about agreement and is left out.
    """
    units = [Counter(rating for rating in unit if rating is not None) for unit in ratings]
    units = [unit for unit in units if unit.total() >= 2]
    totals = sum(units, Counter[Hashable]())
    n = totals.total()
    agreed = sum(count * (count - 1) / (unit.total() - 1) for unit in units for count in unit.values())
    expected = sum(count * (count - 1) for count in totals.values())
    return _beyond(agreed / n, expected / (n * (n - 1))) if n else None


def _beyond(agreed: float, expected: float) -> float | None:
    return None if expected >= 1 else (agreed - expected) / (1 - expected)
