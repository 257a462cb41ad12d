"""Consistent sampling: the trace id decides, so every process agrees and 1 % is a subset of 10 %.

The rule is that of OpenTelemetry's consistent probability sampling (`R`, the randomness value, is the
trailing 7 bytes of the trace id; `T`, the rejection threshold, is `(1 - rate) · 2^56`; keep iff `R ≥ T`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["keep"]

_RANGE: Final = 2**56


def keep(trace_id: str, rate: float) -> bool:
    """Whether the trace (hex) is part of a sample of `rate`, from 0 (nothing) to 1 (everything)."""
    threshold = round((1 - rate) * _RANGE)
    return int(trace_id[-14:], 16) >= threshold
