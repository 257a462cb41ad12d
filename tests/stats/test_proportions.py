"""Intervals of a proportion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.stats import failure_probability, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 20, 0.0, 0.161), (20, 20, 0.839, 1.0), (0, 0, 0.0, 1.0), (1, 10, 0.018, 0.404), (50, 100, 0.404, 0.596)],
)
def test_known_answers(successes: int, n: int, low: float, high: float) -> None:
    """Of 0 in 20 and 20 in 20, and of textbook examples (Newcombe 1998 uses the same formula)."""
    assert wilson(successes, n) == pytest.approx((low, high), abs=0.0005)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_the_interval_holds_the_share_and_mirrors(counts: tuple[int, int], level: float) -> None:
    """Inside 0 to 1, around the observed share; failures mirror successes; more confidence is wider."""
    successes, n = counts
    found = wilson(successes, n, level)
    assert 0 <= found.low <= successes / n <= found.high <= 1
    other = wilson(n - successes, n, level)
    assert (1 - other.high, 1 - other.low) == pytest.approx(found, abs=1e-9)
    wider = wilson(successes, n, 0.9995)
    assert wider.low <= found.low + 1e-12
    assert wider.high >= found.high - 1e-12


def test_a_failure_probability_without_repeats_is_unknown_and_not_zero() -> None:
    """None, anywhere from 0 to 1."""
    assert failure_probability(0, 0) == (None, (0.0, 1.0))
    rate, interval = failure_probability(2, 5)
    assert rate == 0.4
    assert interval == pytest.approx((0.118, 0.769), abs=0.001)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5)])
def test_what_is_no_proportion_is_refused(successes: int, n: int) -> None:
    """Named in the error."""
    with pytest.raises(ValueError, match=f"{successes} of 5"):
        wilson(successes, n)
    with pytest.raises(ValueError, match="level 1"):
        wilson(1, 2, 1)
