"""Agreement between raters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.stats import cohen_kappa, fleiss_kappa, krippendorff_alpha

_KRIPPENDORFF = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
"""Four observers, twelve units, missing values: Krippendorff (2011), Computing Krippendorff's
Alpha-Reliability, part C."""
_FLEISS = "0 0 0 0 14|0 2 6 4 2|0 0 3 5 6|0 3 9 2 0|2 2 8 1 1|7 7 0 0 0|3 2 6 3 0|2 5 3 2 2|6 5 2 1 0|0 2 2 3 7"
"""Fourteen raters, ten units, five categories: the worked example that is passed on with the coefficient."""

_FLEISS_1971 = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
"""Six psychiatrists, thirty patients, five diagnoses: table 1 of Fleiss (1971), Psychological Bulletin 76, 378-382."""
_TWO_CLINICIANS = "75 1 4|5 4 1|0 0 10"
"""Two clinicians, a hundred patients, three diagnoses: Fleiss, Levin and Paik, Statistical Methods for Rates and
Proportions, chapter 18, the worked example of Cohen's kappa (observed agreement 0.89, by chance 0.66)."""


def test_cohen_of_two_clinicians() -> None:
    """0.676 in the book."""
    table = [[int(n) for n in row.split()] for row in _TWO_CLINICIANS.split("|")]
    pairs = [(a, b) for a, row in enumerate(table) for b, n in enumerate(row) for _ in range(n)]
    found = cohen_kappa([a for a, _ in pairs], [b for _, b in pairs])
    assert found == pytest.approx((0.89 - 0.66) / 0.34)
    assert found == pytest.approx(0.676, abs=0.0005)


def test_fleiss_of_his_own_example() -> None:
    """0.430; the diagnoses have the shares of the paper: 0.144, 0.144, 0.167, 0.306, 0.239."""
    rows = [[int(n) for n in row] for row in _FLEISS_1971.split()]
    shares = [sum(column) / 180 for column in zip(*rows, strict=True)]
    assert shares == pytest.approx([0.144, 0.144, 0.167, 0.306, 0.239], abs=0.0006)
    ratings = [[category for category, n in enumerate(row) for _ in range(n)] for row in rows]
    assert fleiss_kappa(ratings) == pytest.approx(0.430, abs=0.0005)


def test_cohen_of_the_recorded_judge() -> None:
    """TP 20, FP 43, FN 34, TN 169."""
    people = [1] * 20 + [0] * 43 + [1] * 34 + [0] * 169
    judge = [1] * 63 + [0] * 203
    assert cohen_kappa(people, judge) == pytest.approx(0.158, abs=0.0005)


def test_fleiss_of_the_worked_example() -> None:
    """0.210."""
    rows = [[int(n) for n in row.split()] for row in _FLEISS.split("|")]
    ratings = [[category for category, n in enumerate(row) for _ in range(n)] for row in rows]
    assert fleiss_kappa(ratings) == pytest.approx(0.210, abs=0.0005)


def test_krippendorff_of_his_example() -> None:
    """0.743 for nominal data."""
    units = [[None if one == "." else one for one in unit] for unit in zip(*map(str.split, _KRIPPENDORFF), strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=0.0005)


@pytest.mark.parametrize("units", [[], [["a", "a"], ["a", "a"]]])
def test_nothing_to_agree_on_is_none(units: list[list[str]]) -> None:
    """Neither 0 nor 1."""
    assert fleiss_kappa(units) is None
    assert krippendorff_alpha(units) is None
    assert cohen_kappa([u[0] for u in units], [u[1] for u in units]) is None


def test_ratings_that_do_not_match_are_refused() -> None:
    """Cohen needs pairs; Fleiss the same number of raters, two at least."""
    with pytest.raises(ValueError, match="2 and 1"):
        cohen_kappa([1, 2], [1])
    with pytest.raises(ValueError, match="two at least"):
        fleiss_kappa([["a"], ["b"]])
    with pytest.raises(ValueError, match=r"\[2, 3\]"):
        fleiss_kappa([["a", "a"], ["a", "b", "a"]])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=40))
def test_no_coefficient_exceeds_1_and_1_is_full_agreement(pairs: list[tuple[str, str]]) -> None:
    """And swapping the raters changes nothing."""
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    for found, swapped in (
        (cohen_kappa(first, second), cohen_kappa(second, first)),
        (fleiss_kappa(pairs), fleiss_kappa([(b, a) for a, b in pairs])),
        (krippendorff_alpha(pairs), krippendorff_alpha([(b, a) for a, b in pairs])),
    ):
        assert found == (swapped if found is None else pytest.approx(swapped))
        assert found is None or found <= 1 + 1e-12
        if found is not None:
            assert (found > 1 - 1e-12) == (first == second)
