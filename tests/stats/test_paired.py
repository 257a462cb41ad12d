"""Paired tests."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.stats import fisher_drop, mcnemar_drop, sign_flip_drop


@pytest.mark.parametrize(
    ("broke", "fixed", "p"), [(0, 0, 1.0), (5, 0, 1 / 32), (4, 0, 1 / 16), (9, 2, 0.0327), (0, 5, 1.0), (1, 1, 0.75)]
)
def test_mcnemar_is_the_binomial_tail(broke: int, fixed: int, p: float) -> None:
    """Five cases that all broke are the fewest that mean something at 0.05."""
    assert mcnemar_drop(broke, fixed) == pytest.approx(p, abs=0.0001)


@given(st.lists(st.integers(-3, 3), max_size=9))
def test_sign_flips_are_counted_exactly(drops: list[int]) -> None:
    """As writing down every choice of signs does."""
    sums = [sum(s * d for s, d in zip(signs, drops, strict=True)) for signs in product((1, -1), repeat=len(drops))]
    assert sign_flip_drop(drops) == pytest.approx(sum(one >= sum(drops) for one in sums) / len(sums))


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=200))
def test_sign_flips_of_single_runs_are_mcnemar(drops: list[int]) -> None:
    """The same test, so that one repeat and five are not judged by two ideas."""
    assert sign_flip_drop(drops) == pytest.approx(mcnemar_drop(drops.count(1), drops.count(-1)))


def test_fisher_on_repeats_of_one_case() -> None:
    """5/5 then 1/5 is a change at 0.05; 5/5 then 3/5 is not."""
    assert fisher_drop(5, 5, 1, 5) == pytest.approx(5 * 5 / 1050 + 0, abs=0.0001)
    assert fisher_drop(5, 5, 3, 5) == pytest.approx(0.2222, abs=0.0001)
    assert fisher_drop(2, 5, 5, 5) == 1.0


def test_what_are_no_counts_is_refused() -> None:
    """Negative counts; more passes than repeats."""
    with pytest.raises(ValueError, match="-1"):
        mcnemar_drop(-1, 0)
    with pytest.raises(ValueError, match="between 0"):
        fisher_drop(2, 1, 0, 1)


def test_very_many_differences_are_taken_to_be_normal() -> None:
    """As near to the exact answer as matters."""
    drops = [1] * 540 + [-1] * 461
    assert sign_flip_drop(drops) == pytest.approx(mcnemar_drop(540, 461), abs=0.002)
