"""Consistent sampling: one answer for a trace everywhere, and small samples inside large ones."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.score import keep

TRACE_IDS = st.integers(min_value=1, max_value=2**128 - 1).map(lambda number: f"{number:032x}")
RATES = st.floats(min_value=0, max_value=1)


@given(TRACE_IDS, RATES, RATES)
def test_samples_are_nested(trace_id: str, one: float, other: float) -> None:
    """What a rate keeps, every higher rate keeps."""
    low, high = sorted((one, other))
    assert keep(trace_id, high) or not keep(trace_id, low)


@given(TRACE_IDS)
def test_all_and_nothing(trace_id: str) -> None:
    """1 keeps every trace, 0 none."""
    assert keep(trace_id, 1.0)
    assert not keep(trace_id, 0.0)


@given(TRACE_IDS, RATES)
def test_only_the_trailing_seven_bytes_decide(trace_id: str, rate: float) -> None:
    """As in OpenTelemetry, whose leading bytes need not be random (W3C trace context, level 2)."""
    assert keep(trace_id, rate) == keep("f" * 18 + trace_id[-14:], rate)


@pytest.mark.parametrize(
    ("randomness", "rate", "kept"),
    [(2**56 - 1, 0.01, True), (2**55, 0.5, True), (2**55 - 1, 0.5, False), (0, 0.999, False)],
)
def test_threshold_is_that_of_opentelemetry(randomness: int, rate: float, kept: bool) -> None:
    """Kept when R ≥ (1 − rate) · 2^56."""
    assert keep(f"{randomness:032x}", rate) is kept


def test_rate_is_the_part_that_is_kept() -> None:
    """Of 20,000 random ids, a tenth, within five standard deviations."""
    ids = [hashlib.sha256(str(number).encode()).hexdigest()[:32] for number in range(20_000)]
    assert abs(sum(keep(trace_id, 0.1) for trace_id in ids) - 2000) < 5 * (20_000 * 0.1 * 0.9) ** 0.5
