"""Consistent sampling: the trace id decides, so every process agrees and 1 % is a subset of 10 %.

The rule is that of OpenTelemetry's consistent probability sampling (`R`, the randomness value, is the
trailing 7 bytes of the trace id; `T`, the rejection threshold, is `(1 - rate) · 2^56`; keep iff `R ≥ T`). What is
kept stands for `2^56 / (2^56 - T)` traces, its weight: the inverse of how likely it was kept (Horvitz and Thompson,
1952). What belongs to a stratum that is always kept stands for itself.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["Share", "draw", "keep"]

_RANGE: Final = 2**56


class Share(NamedTuple):
    """What a score stands for in a rate."""

    weight: float = 1.0
    """Spans that it stands for; 0 when others were drawn to stand for it."""
    stratum: str | None = None
    """Why it was kept whatever the sample says; None when the sample drew it, or there is none."""


def keep(trace_id: str, rate: float) -> bool:
    """Whether the trace (hex) is part of a sample of `rate`, from 0 (nothing) to 1 (everything)."""
    return int(trace_id[-14:], 16) >= _threshold(rate)


def draw(trace_id: str, rate: float, stratum: str | None = None) -> Share | None:
    """The share of a span in a sample of `rate`; None when it is left out. A `stratum` is always kept."""
    if stratum is not None:
        return Share(1.0, stratum)
    return Share(_RANGE / (_RANGE - _threshold(rate))) if keep(trace_id, rate) else None


def _threshold(rate: float) -> int:
    return round((1 - rate) * _RANGE)
