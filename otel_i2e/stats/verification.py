"""A judge against people where its own verdict decided who was looked at.

Whoever labels passes and fails in turn sees far more fails than there are: counted as they lie, the labels understate
how many passes the judge lets through and overstate how many fails it finds (verification bias). What people said is
right within one verdict, so each label is weighed by what its verdict stands for (Begg and Greenes, Biometrics 39,
1983). Labels that were drawn evenly give the same rates as ever.

Intervals come from draws, with a fixed seed, of every share that was estimated, each from its beta distribution with
Jeffreys' prior: the verdicts among all that was judged, and what people said of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Final, NamedTuple

from otel_i2e.stats.corrected import Corrected
from otel_i2e.stats.proportions import Interval

__all__ = ["Share", "Verified", "VerifiedLabel", "verified"]

_DRAWS: Final = 1_000
_LEAST_J: Final = 0.3


class VerifiedLabel(NamedTuple):
    """A label, and the two verdicts that matter to it."""

    drawn: bool
    """The verdict that it was shown by: it decided how likely a label was."""
    judge: bool
    """The verdict that is held against it."""
    human: bool
    """What people say."""


class Share(NamedTuple):
    """How much of what was judged passes."""

    rate: float
    """0 to 1."""
    draws: float
    """Independent draws behind it, as of `weighted_rate`."""


class Verified(NamedTuple):
    """What the labels say of the judge, among all that it judged."""

    tpr: Corrected
    """Of what people pass, the share that the judge passes."""
    tnr: Corrected
    """Of what people fail, the share that the judge fails."""
    kappa: float
    """Cohen's kappa of people and judge."""
    is_informative: bool
    """Whether a rate may be corrected: TPR + TNR - 1 is at least 0.3, and its interval does not touch 0."""
    rogan_gladen: Corrected
    """The true pass rate behind what was judged; of no use unless it is informative."""
    prediction_powered: Corrected
    """The same as the judge's rate plus the mean of (human - judge), every label with its weight."""


class _Joint(NamedTuple):
    """Shares of all that was judged, by what people say and the judge says; they sum to 1."""

    true_pass: float
    false_fail: float
    false_pass: float
    true_fail: float

    def tpr(self) -> float:
        return _of(self.true_pass, self.false_fail)

    def tnr(self) -> float:
        return _of(self.true_fail, self.false_pass)

    def kappa(self) -> float:
        agreed = self.true_pass + self.true_fail
        people, judge = self.true_pass + self.false_fail, self.true_pass + self.false_pass
        chance = people * judge + (1 - people) * (1 - judge)
        return (agreed - chance) / (1 - chance) if chance < 1 else 0.0

    def rogan_gladen(self, judged: float) -> float:
        """(p + q0 - 1) / (q0 + q1 - 1)."""
        j = self.tpr() + self.tnr() - 1
        return (judged + self.tnr() - 1) / j if abs(j) > 1e-12 else judged

    def prediction_powered(self, judged: float) -> float:
        return judged + self.false_fail - self.false_pass


def verified(labels: Iterable[VerifiedLabel], drawn: Share, judged: Share | None = None) -> Verified | None:
    """The judge's quality and the true pass rate behind `judged`, from labels that were drawn by their verdict.

    `drawn` is the share of passes, by the verdicts that labels were drawn by, among all that a label could have been
    of; `judged` is that of the judge now, and the same unless given. None when labels of one of the two verdicts are
    missing: nothing is known then of what it says of those.
    """
    counts = Counter(labels)
    if {label.drawn for label in counts} != {True, False}:
        return None
    edge = 1 / (2 * drawn.draws + 2)  # a share of none or of all is not known to be exactly that
    middle = _joint(counts, min(1 - edge, max(edge, drawn.rate)), _plain)
    now = judged or drawn
    random = Random(20261120)  # noqa: S311 -- a simulation that gives the same interval each time
    joints: list[tuple[_Joint, float]] = []
    for _ in range(_DRAWS):
        share = _beta(random, drawn.rate * drawn.draws, drawn.draws)
        p = share if judged is None else _beta(random, now.rate * now.draws, now.draws)
        joints.append((_joint(counts, share, lambda hits, n: _beta(random, hits, n)), p))
    j = _corrected(middle.tpr() + middle.tnr() - 1, [one.tpr() + one.tnr() - 1 for one, _ in joints])
    return Verified(
        tpr=_corrected(middle.tpr(), [one.tpr() for one, _ in joints]),
        tnr=_corrected(middle.tnr(), [one.tnr() for one, _ in joints]),
        kappa=middle.kappa(),
        is_informative=j.rate >= _LEAST_J and j.interval.low > 0,
        rogan_gladen=_corrected(middle.rogan_gladen(now.rate), [one.rogan_gladen(p) for one, p in joints]),
        prediction_powered=_corrected(
            middle.prediction_powered(now.rate), [one.prediction_powered(p) for one, p in joints]
        ),
    )


def _joint(counts: Counter[VerifiedLabel], share: float, estimate: Callable[[float, float], float]) -> _Joint:
    """The four shares when `share` of all has the verdict pass to draw by; `estimate` makes a share of hits and n."""
    found: Counter[tuple[bool, bool]] = Counter()
    shares = {True: share, False: 1 - share}
    for drawn, of_all in shares.items():
        passes, fails = (_cells(counts, drawn, judge) for judge in (True, False))
        n_pass, n_fail = sum(passes), sum(fails)
        pass_share = 1.0 if not n_fail else 0.0 if not n_pass else estimate(n_pass, n_pass + n_fail)
        for judge, cell, part in ((True, passes, pass_share), (False, fails, 1 - pass_share)):
            if sum(cell):
                human = estimate(cell[0], sum(cell))
                found.update({(True, judge): of_all * part * human, (False, judge): of_all * part * (1 - human)})
    return _Joint(found[True, True], found[True, False], found[False, True], found[False, False])


def _cells(counts: Counter[VerifiedLabel], drawn: bool, judge: bool) -> tuple[int, int]:
    return counts[VerifiedLabel(drawn, judge, human=True)], counts[VerifiedLabel(drawn, judge, human=False)]


def _plain(hits: float, n: float) -> float:
    return hits / n


def _beta(random: Random, hits: float, n: float) -> float:
    return random.betavariate(hits + 0.5, n - hits + 0.5)


def _corrected(rate: float, drawn: Sequence[float], level: float = 0.95) -> Corrected:
    ordered = sorted(drawn)
    tail = round(len(ordered) * (1 - level) / 2)
    low, high = ordered[tail], ordered[-1 - tail]
    return Corrected(_inside(rate), Interval(_inside(min(low, rate)), _inside(max(high, rate))))


def _inside(value: float) -> float:
    return min(1.0, max(0.0, value))


def _of(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest > 0 else 0.0
