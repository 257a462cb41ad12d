"""A judge's rates where its own verdict decided who was labelled. Simulations; `pytest --figures` prints them."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from otel_i2e.stats import PassShare, VerifiedLabel, verified


class World(NamedTuple):
    """How often the judge passes, how often that is right, how often its fails are right; labels of each verdict."""

    passes: float
    right_passes: float
    right_fails: float
    labels: tuple[int, int]

    def truth(self) -> dict[str, float]:
        """What the estimates are of."""
        good = self.passes * self.right_passes + (1 - self.passes) * (1 - self.right_fails)
        tpr = self.passes * self.right_passes / good
        tnr = (1 - self.passes) * self.right_fails / (1 - good)
        return {"tpr": tpr, "tnr": tnr, "rogan_gladen": good, "prediction_powered": good}

    def unit(self, random: Random) -> VerifiedLabel:
        """One span."""
        judge = random.random() < self.passes
        human = random.random() < (self.right_passes if judge else 1 - self.right_fails)
        return VerifiedLabel(judge, judge, human)


def _labels(right_passes: int, passes: int, right_fails: int, fails: int) -> list[VerifiedLabel]:
    return [
        *[VerifiedLabel(drawn=True, judge=True, human=k < right_passes) for k in range(passes)],
        *[VerifiedLabel(drawn=False, judge=False, human=k >= right_fails) for k in range(fails)],
    ]


@pytest.mark.parametrize(
    "world",
    [
        World(0.95, 0.95, 0.6, (60, 60)),
        World(0.8, 0.9, 0.85, (60, 60)),
        World(0.5, 0.9, 0.9, (40, 40)),
    ],
)
def test_rates_are_right_where_passes_and_fails_are_labelled_in_turn(world: World) -> None:
    """Of 800 spans, as many labels of each verdict: unbiased within 0.06.

    As the labels lie, TPR and TNR are far off where passes and fails are unequal. `test_coverage` has the intervals.
    """
    simulations = 100
    random, truth = Random(20261129), world.truth()
    sums, naive = dict.fromkeys(truth, 0.0), 0.0
    for _ in range(simulations):
        units = [world.unit(random) for _ in range(800)]
        passes, fails = ([one for one in units if one.drawn == verdict] for verdict in (True, False))
        labels = passes[: world.labels[0]] + fails[: world.labels[1]]
        found = verified(labels, PassShare(len(passes) / len(units), len(units)))
        assert found is not None
        for name in truth:
            sums[name] += getattr(found, name).rate
        good = [one.judge for one in labels if one.human]
        naive += sum(good) / len(good)
    print(f"{world}: TPR as labels lie {naive / simulations:.3f}")
    for name, right in truth.items():
        print(f"  {name}: {right:.3f}, mean {sums[name] / simulations:.3f}")
        assert sums[name] / simulations == pytest.approx(right, abs=0.06)
    if world.passes > 0.9:
        assert abs(naive / simulations - truth["tpr"]) > 0.15


def test_begg_and_greenes() -> None:
    """90 % pass; of 20 passes 18 are right, of 20 fails 12: sensitivity 0.81 / 0.85, specificity 0.06 / 0.15."""
    found = verified(_labels(18, 20, 12, 20), PassShare(0.9, 1000))
    assert found is not None
    assert found.tpr.rate == pytest.approx(0.81 / 0.85)
    assert found.tnr.rate == pytest.approx(0.06 / 0.15)
    assert found.rogan_gladen.rate == pytest.approx(0.85)
    assert found.prediction_powered.rate == pytest.approx(0.85)
    assert found.kappa == pytest.approx((0.87 - (0.85 * 0.9 + 0.15 * 0.1)) / (1 - (0.85 * 0.9 + 0.15 * 0.1)))


def test_labels_of_an_even_draw_are_taken_as_they_lie() -> None:
    """Weights of 1 change nothing: 45 of 50 and 40 of 50."""
    found = verified(_labels(45, 55, 40, 45), PassShare(0.55, 100))
    assert found is not None
    assert (found.tpr.rate, found.tnr.rate) == (pytest.approx(45 / 50), pytest.approx(40 / 50))
    assert found.is_informative


def test_a_verdict_that_nobody_looked_at_tells_nothing() -> None:
    """Labels of passes only: what it fails may be right or wrong."""
    assert verified(_labels(18, 20, 0, 0), PassShare(0.9, 1000)) is None


def test_labels_that_all_agree_leave_room() -> None:
    """20 of 20 and 20 of 20: both rates are 1, and neither interval says that they must be."""
    found = verified(_labels(20, 20, 20, 20), PassShare(0.8, 500))
    assert found is not None
    assert (found.tpr.rate, found.tnr.rate) == (1.0, 1.0)
    assert (found.tpr.interval.high, found.tnr.interval.high) == (1.0, 1.0)
    assert 0.9 < found.tpr.interval.low < 1.0
    assert 0.4 < found.tnr.interval.low < 0.8


@given(
    st.lists(st.builds(VerifiedLabel, st.booleans(), st.booleans(), st.booleans()), min_size=2, max_size=30),
    st.floats(0, 1),
    st.floats(1, 1e6),
)
def test_an_interval_holds_its_rate(labels: list[VerifiedLabel], share: float, draws: float) -> None:
    """Whatever the labels are, and all of it lies between 0 and 1."""
    found = verified(labels, PassShare(share, draws))
    assume(found is not None)
    assert found is not None
    for one in (found.tpr, found.tnr, found.rogan_gladen, found.prediction_powered):
        assert 0 <= one.interval.low <= one.interval.high <= 1
    for one in (found.tpr, found.tnr, found.prediction_powered):
        assert one.interval.low - 1e-9 <= one.rate <= one.interval.high + 1e-9


def test_a_judge_that_says_nothing_is_not_informative() -> None:
    """People pass as much of its fails as of its passes."""
    found = verified(_labels(15, 30, 15, 30), PassShare(0.5, 1000))
    assert found is not None
    assert not found.is_informative
