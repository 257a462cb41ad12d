"""Do the intervals hold what they promise? Simulations with a fixed seed.

`pytest tests/stats --full --figures` prints the table: interval, scenario, how many hold the truth. Every interval that
is printed anywhere is one of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

import pytest

from otel_i2e.stats import (
    Interval,
    PassShare,
    VerifiedLabel,
    cluster_sums,
    failure_probability,
    prediction_powered,
    rogan_gladen,
    verified,
    weighted_rate,
    wilson,
    youden,
)
from otel_i2e.stats.corrected import prediction_powered_rate

SIMULATIONS: Final = 1000
Simulate = Callable[[Random], tuple[float, Interval]]


def _hits(random: Random, n: int, share: float) -> int:
    return sum(random.random() < share for _ in range(n))


def _wilson(n: int, share: float) -> Simulate:
    return lambda random: (share, wilson(_hits(random, n, share), n))


def _failures(repeats: int) -> Simulate:
    """Any probability: of one alone, few repeats give intervals of few different kinds."""

    def simulate(random: Random) -> tuple[float, Interval]:
        truth = random.random()
        return truth, failure_probability(_hits(random, repeats, truth), repeats)[1]

    return simulate


def _weighted(traces: int, spans: int) -> Simulate:
    """A tenth is drawn of what passes 9 in 10, all of a tenth that passes 3 in 10; spans of a trace often agree."""

    def simulate(random: Random) -> tuple[float, Interval]:
        scores: list[tuple[str, float, bool]] = []
        for trace in range(traces):
            failed = random.random() < 0.1
            if failed or random.random() < 0.1:
                agreed = random.random() < (0.3 if failed else 0.9)
                for _ in range(spans):
                    passed = agreed if random.random() < 0.7 else random.random() < (0.3 if failed else 0.9)
                    scores.append((str(trace), 1.0 if failed else 10.0, passed))
        found = weighted_rate(cluster_sums(scores))
        assert found is not None
        return 0.1 * 0.3 + 0.9 * 0.9, found.interval

    return simulate


def _youden(sensitivity: float, specificity: float, passes: int, fails: int) -> Simulate:
    def simulate(random: Random) -> tuple[float, Interval]:
        found = youden(_hits(random, passes, sensitivity), passes, _hits(random, fails, specificity), fails)
        return sensitivity + specificity - 1, found[1]

    return simulate


def _rogan_gladen(truth: float, sensitivity: float, specificity: float, passes: int, fails: int) -> Simulate:
    def simulate(random: Random) -> tuple[float, Interval]:
        judged = truth * sensitivity + (1 - truth) * (1 - specificity)
        found = None
        while found is None:  # what is not informative prints no interval
            found = rogan_gladen(
                _hits(random, 400, judged),
                400,
                right_passes=_hits(random, passes, sensitivity),
                passes=passes,
                right_fails=_hits(random, fails, specificity),
                fails=fails,
            )
        return truth, found.interval

    return simulate


def _prediction_powered(truth: float, sensitivity: float, specificity: float, labels: int, *, rate: bool) -> Simulate:
    def simulate(random: Random) -> tuple[float, Interval]:
        def unit() -> tuple[int, int]:
            human = int(random.random() < truth)
            right = random.random() < (sensitivity if human else specificity)
            return (human if right else 1 - human), human

        judged, labelled = [unit()[0] for _ in range(400)], [unit() for _ in range(labels)]
        given = prediction_powered_rate(sum(judged) / 400, 400, labelled) if rate else None
        found = given or prediction_powered(judged, labelled)
        assert found is not None
        return truth, found.interval

    return simulate


@pytest.mark.parametrize(
    ("name", "scenario", "simulate"),
    [
        ("pass rate, Wilson", "n = 20, 0.3", _wilson(20, 0.3)),
        ("pass rate, Wilson", "n = 50, 0.8", _wilson(50, 0.8)),
        ("pass rate, Wilson", "n = 200, 0.95", _wilson(200, 0.95)),
        ("pass rate, weighted", "600 traces of 1 span", _weighted(600, 1)),
        ("pass rate, weighted", "600 traces of 5 spans", _weighted(600, 5)),
        ("failure probability", "3 repeats, any probability", _failures(3)),
        ("failure probability", "5 repeats, any probability", _failures(5)),
        ("failure probability", "20 repeats, any probability", _failures(20)),
        ("Youden's J", "0.9 and 0.9, 20 + 20 labels", _youden(0.9, 0.9, 20, 20)),
        ("Youden's J", "0.95 and 0.8, 40 + 15 labels", _youden(0.95, 0.8, 40, 15)),
        ("Rogan-Gladen", "0.7, TPR 0.9, TNR 0.85, 100 + 100 labels", _rogan_gladen(0.7, 0.9, 0.85, 100, 100)),
        ("Rogan-Gladen", "0.5, TPR 0.8, TNR 0.75, 100 + 100 labels", _rogan_gladen(0.5, 0.8, 0.75, 100, 100)),
        ("Rogan-Gladen", "0.9, TPR 0.95, TNR 0.9, 30 + 30 labels", _rogan_gladen(0.9, 0.95, 0.9, 30, 30)),
        ("Rogan-Gladen", "0.95, TPR 0.95, TNR 0.85, 40 + 15 labels", _rogan_gladen(0.95, 0.95, 0.85, 40, 15)),
        ("Rogan-Gladen", "0.98, TPR 0.98, TNR 0.9, 60 + 20 labels", _rogan_gladen(0.98, 0.98, 0.9, 60, 20)),
        ("prediction-powered", "0.7, 150 labels", _prediction_powered(0.7, 0.9, 0.8, 150, rate=False)),
        ("prediction-powered", "0.7, 150 labels, weighted", _prediction_powered(0.7, 0.9, 0.8, 150, rate=True)),
        ("prediction-powered", "0.6, weak judge, 150 labels", _prediction_powered(0.6, 0.6, 0.6, 150, rate=True)),
        ("prediction-powered", "0.9, good judge, 100 labels", _prediction_powered(0.9, 0.95, 0.9, 100, rate=True)),
        ("prediction-powered", "0.8, 40 labels", _prediction_powered(0.8, 0.9, 0.85, 40, rate=True)),
    ],
)
def test_a_95_percent_interval_covers_93_to_97(name: str, scenario: str, simulate: Simulate) -> None:
    """In a thousand simulations."""
    random = Random(20261120)
    held = 0
    for _ in range(SIMULATIONS):
        truth, interval = simulate(random)
        held += interval.low <= truth <= interval.high
    _print(name, scenario, held, SIMULATIONS)
    assert 0.93 <= held / SIMULATIONS <= 0.97


class World(NamedTuple):
    """Passes of the judge that labels were drawn by, how much people pass of its passes and fails, labels of each."""

    passes: float
    good: tuple[float, float]
    labels: tuple[int, int]
    turned: tuple[float, float] = (0.0, 0.0)
    """How often the judge of now says otherwise, where the old one was right and wrong."""
    now: int | None = None
    """Spans that the judge of now has scored; None: the same as before."""

    def unit(self, random: Random, *, drawn: bool) -> VerifiedLabel:
        """One span with this verdict."""
        human = random.random() < self.good[not drawn]
        turned = random.random() < self.turned[drawn != human]
        return VerifiedLabel(drawn, drawn != turned, human)

    def cells(self) -> dict[tuple[bool, bool], float]:
        """PassShare of all by what people and the judge of now say."""
        found = {(human, judge): 0.0 for human in (True, False) for judge in (True, False)}
        for drawn, part in ((True, self.passes), (False, 1 - self.passes)):
            for human, share in ((True, self.good[not drawn]), (False, 1 - self.good[not drawn])):
                turned = self.turned[drawn != human]
                found[human, drawn] += part * share * (1 - turned)
                found[human, not drawn] += part * share * turned
        return found


@pytest.mark.parametrize(
    ("scenario", "world"),
    [
        ("95 % pass, 60 + 60 labels", World(0.95, (0.95, 0.4), (60, 60))),
        ("80 % pass, 60 + 60 labels", World(0.8, (0.9, 0.15), (60, 60))),
        ("50 % pass, 40 + 40 labels", World(0.5, (0.9, 0.1), (40, 40))),
        ("80 % pass, 20 + 20 labels", World(0.8, (0.9, 0.2), (20, 20))),
        ("80 % pass, prompt changed, 60 + 60 labels", World(0.8, (0.9, 0.15), (60, 60), (0.05, 0.5), 600)),
        ("50 % pass, prompt changed, 40 + 40 labels", World(0.5, (0.9, 0.1), (40, 40), (0.1, 0.3), 300)),
    ],
)
def test_intervals_of_labels_that_were_drawn_by_their_verdict(scenario: str, world: World, full: bool) -> None:
    """TPR, TNR and the corrected rates hold 93 to 97 % in a thousand simulations, which are themselves right to a
    standard error of 0.6; a tenth of them without --full.
    """
    simulations = SIMULATIONS if full else 100
    random, cells = Random(20261129), world.cells()
    sides = ((True, world.labels[0]), (False, world.labels[1]))
    good = cells[True, True] + cells[True, False]
    truth = {
        "tpr": cells[True, True] / good,
        "tnr": cells[False, False] / (1 - good),
        "rogan_gladen": good,
        "prediction_powered": good,
    }
    held = Counter[str]()
    for _ in range(simulations):
        labels = [world.unit(random, drawn=drawn) for drawn, n in sides for _ in range(n)]
        drawn = PassShare(_hits(random, 800, world.passes) / 800, 800)
        judged = cells[True, True] + cells[False, True]
        now = None if world.now is None else PassShare(_hits(random, world.now, judged) / world.now, world.now)
        found = verified(labels, drawn, now)
        assert found is not None
        for name, right in truth.items():
            interval = getattr(found, name).interval
            held[name] += interval.low <= right <= interval.high
    for name in truth:
        _print(f"{name.replace('_', ' ')}, Begg and Greenes", scenario, held[name], simulations)
        assert (0.924 if full else 0.88) <= held[name] / simulations <= (0.976 if full else 1)


def _print(name: str, scenario: str, held: int, of: int) -> None:
    print(f"{name:<38}{scenario:<44}{held / of:6.1%} of {of}")
