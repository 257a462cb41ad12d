"""Corrected pass rates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.stats import is_informative, prediction_powered, rogan_gladen, youden


def test_the_recorded_judge_is_refused() -> None:
    """TP 20, FN 34, TN 169, FP 43: J 0.168 is too little, however narrow its interval."""
    j, interval = youden(20, 54, 169, 212)
    assert j == pytest.approx(0.168, abs=0.0005)
    assert interval.low > 0
    assert not is_informative(20, 54, 169, 212)
    assert rogan_gladen(60, 100, right_passes=20, passes=54, right_fails=169, fails=212) is None


def test_a_judge_with_few_labels_is_refused() -> None:
    """J is 0.6 and its interval touches 0; none of a kind is no calibration at all."""
    assert not is_informative(4, 5, 4, 5)
    assert not is_informative(9, 9, 0, 0)


def test_rogan_and_gladen() -> None:
    """(0.7 + 0.8 − 1) / (0.8 + 0.9 − 1): the estimator of Rogan and Gladen (1978), as in arXiv 2511.21140."""
    found = rogan_gladen(700, 1000, right_passes=90, passes=100, right_fails=80, fails=100)
    assert found is not None
    assert found.rate == pytest.approx(0.5 / 0.7)
    assert found.interval.low < found.rate < found.interval.high


def test_prediction_powered() -> None:
    """The judge's mean, moved by what people say of it: mean(judge) + mean(human − judge), arXiv 2301.09633."""
    found = prediction_powered([1, 1, 1, 0], [(1, 1), (1, 0), (0, 0), (1, 1)])
    assert found is not None
    assert found.rate == pytest.approx(0.75 - 0.25)
    assert prediction_powered([1], [(1, 1), (0, 0)]) is None


def test_the_prediction_powered_interval_is_that_of_the_paper() -> None:
    """With many labels: half of it is 1.96 · √(var(judge) / N + var(human − judge) / n), arXiv 2301.09633."""
    judged = [1.0] * 6000 + [0.0] * 4000
    labelled = [(1.0, 1.0)] * 2000 + [(1.0, 0.0)] * 500 + [(0.0, 0.0)] * 1500
    found = prediction_powered(judged, labelled)
    assert found is not None
    assert found.rate == pytest.approx(0.6 - 5 / 40)
    half = 1.959964 * (0.24 / 10000 + (5 / 40) * (35 / 40) / 4000) ** 0.5
    assert (found.interval.low, found.interval.high) == pytest.approx((0.475 - half, 0.475 + half), abs=2e-4)


def test_a_few_labels_without_a_gap_do_not_show_that_there_is_none() -> None:
    """20 of 20 agree: by the paper's formula the interval would be that of the judge's rate alone."""
    found = prediction_powered([1.0] * 900 + [0.0] * 100, [(1.0, 1.0)] * 18 + [(0.0, 0.0)] * 2)
    assert found is not None
    assert found.rate == pytest.approx(0.9)
    assert found.interval.low < 0.85


@pytest.mark.parametrize(
    ("positive", "sensitivity", "specificity", "rate", "interval", "digits"),
    [
        ((20, 120), 0.9, 0.99, 0.17603, (0.1129887, 0.2623065), 5e-6),
        ((23, 150), 0.96, 0.89, 0.051, (0.0, 0.13), 0.006),
        ((6, 151), 0.964, 0.927, 0.0, (0.0, 0.013), 0.006),
    ],
)
def test_published_examples_of_rogan_and_gladen(
    positive: tuple[int, int],
    sensitivity: float,
    specificity: float,
    *,
    rate: float,
    interval: tuple[float, float],
    digits: float,
) -> None:
    """Of a test whose errors are known exactly. Manual of RSurveillance, `tp`, Wilson's interval; manual of epiR,
    `epi.prev`: brucellosis in a herd of cows, and Helicobacter in children (Moujaber and others 2008), as printed.
    """
    known = 10_000_000
    found = rogan_gladen(
        *positive,
        right_passes=round(sensitivity * known),
        passes=known,
        right_fails=round(specificity * known),
        fails=known,
    )
    assert found is not None
    assert found.rate == pytest.approx(rate, abs=digits)
    assert found.interval == pytest.approx(interval, abs=max(digits, 1e-5))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 200))
def test_a_correction_stays_a_rate(right_passes: int, right_fails: int, judged_pass: int) -> None:
    """Between 0 and 1, its interval too, whatever the judge."""
    found = rogan_gladen(judged_pass, 200, right_passes=right_passes, passes=60, right_fails=right_fails, fails=60)
    assert (found is not None) == is_informative(right_passes, 60, right_fails, 60)
    if found is not None:
        assert 0 <= found.rate <= 1
        assert 0 <= found.interval.low <= found.interval.high <= 1


def test_counts_that_are_none_are_refused() -> None:
    """More right than there were, or nothing judged."""
    with pytest.raises(ValueError, match="6 of 5"):
        youden(6, 5, 1, 5)
    with pytest.raises(ValueError, match="0 of 0"):
        rogan_gladen(0, 0, right_passes=90, passes=100, right_fails=80, fails=100)
