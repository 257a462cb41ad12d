"""A judge against people where its own verdict decided who was looked at.

Whoever labels passes and fails in turn sees far more fails than there are: counted as they lie, the labels understate
how many passes the judge lets through and overstate how many fails it finds (verification bias). What people said is
right within one verdict, so each label is weighed by what its verdict stands for (Begg and Greenes, Biometrics 39,
1983). Labels that were drawn evenly give the same rates as ever.

Every share that was estimated, the verdicts among all that was judged and what people said of each, has its Wilson
interval. How far an estimate moves when one of them goes to its end, squared and added up over all, is the square of
how far its own interval reaches (MOVER: Zou and Donner, Statistics in Medicine 27, 2008), on the scale of log odds for
TPR and TNR.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import product
from math import exp, inf, log, sqrt
from typing import Final, NamedTuple

from otel_i2e.stats.corrected import Corrected, is_usable, solved
from otel_i2e.stats.proportions import Interval, wilson, wilson_share

__all__ = ["PassShare", "Verified", "VerifiedLabel", "verified"]

_DRAWN: Final = "drawn"
_NOW: Final = "now"


class VerifiedLabel(NamedTuple):
    """A label, and the two verdicts that matter to it."""

    drawn: bool
    """The verdict that it was shown by: it decided how likely a label was."""
    judge: bool
    """The verdict that is held against it."""
    human: bool
    """What people say."""


class PassShare(NamedTuple):
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


class _Estimated(NamedTuple):
    rate: float
    ends: Interval


class _Joint(NamedTuple):
    """Shares of all that was judged, by what people say and the judge says; they sum to 1. And what it passes now."""

    true_pass: float
    false_fail: float
    false_pass: float
    true_fail: float
    judged: float

    def tpr(self) -> float:
        return _of(self.true_pass, self.false_fail)

    def tnr(self) -> float:
        return _of(self.true_fail, self.false_pass)

    def youden(self) -> float:
        return self.tpr() + self.tnr() - 1

    def kappa(self) -> float:
        agreed = self.true_pass + self.true_fail
        people, judge = self.true_pass + self.false_fail, self.true_pass + self.false_pass
        chance = people * judge + (1 - people) * (1 - judge)
        return (agreed - chance) / (1 - chance) if chance < 1 else 0.0

    def rogan_gladen(self) -> float:
        """(p + q0 - 1) / (q0 + q1 - 1)."""
        j = self.youden()
        return (self.judged + self.tnr() - 1) / j if abs(j) > 1e-12 else self.judged

    def left(self, rate: float) -> float:
        """What the judge passes, less what it would pass of a true pass rate: 0 at that of Rogan and Gladen."""
        return self.judged - rate * self.tpr() - (1 - rate) * (1 - self.tnr())

    def prediction_powered(self) -> float:
        return self.judged + self.false_fail - self.false_pass


_Shares = Mapping[Hashable, float]
"""Key of a share → its value: `drawn`, `now`; verdict to draw by → how much people pass; the two → how much the judge
passes."""


def verified(labels: Iterable[VerifiedLabel], drawn: PassShare, judged: PassShare | None = None) -> Verified | None:
    """The judge's quality and the true pass rate behind `judged`, from labels that were drawn by their verdict.

    `drawn` is the share of passes, by the verdicts that labels were drawn by, among all that a label could have been
    of; `judged` is that of the judge now, and the same unless given. None when labels of one of the two verdicts are
    missing: nothing is known then of what it says of those.
    """
    counts = Counter(labels)
    if {label.drawn for label in counts} != {True, False}:
        return None
    is_same = all(label.drawn == label.judge for label in counts)  # one verdict: the judge passes what it passes
    known = _estimated(counts, is_same) | {_DRAWN: _share(drawn)} | ({} if judged is None else {_NOW: _share(judged)})
    middle = _joint({key: one.rate for key, one in known.items()})
    youden, powered = _moved(_Joint.youden, known), _moved(_Joint.prediction_powered, known)
    ratio = solved(lambda rate: _moved(lambda one: one.left(rate), known))
    return Verified(
        tpr=_odds(_Joint.tpr, known),
        tnr=_odds(_Joint.tnr, known),
        kappa=middle.kappa(),
        is_informative=is_usable(middle.youden(), youden),
        rogan_gladen=_clipped(middle.rogan_gladen(), powered if is_same and judged is None else ratio),  # the same then
        prediction_powered=_clipped(middle.prediction_powered(), powered),
    )


def _share(share: PassShare) -> _Estimated:
    edge = 1 / (2 * share.draws + 2)  # a share of none or of all is not known to be exactly that
    return _Estimated(min(1 - edge, max(edge, share.rate)), wilson_share(share.rate, share.draws))


def _estimated(counts: Counter[VerifiedLabel], is_same: bool) -> dict[Hashable, _Estimated]:
    """What the labels say, each with its interval."""
    found: dict[Hashable, _Estimated] = {}
    for drawn in (True, False):
        cells = {human: _cell(counts, drawn, human) for human in (True, False)}
        found[drawn] = _of_counts(sum(cells[True]), sum(cells[False]))
        for human, cell in cells.items():
            found[drawn, human] = _Estimated(float(drawn), Interval(drawn, drawn)) if is_same else _of_counts(*cell)
    return found


def _of_counts(hits: int, misses: int) -> _Estimated:
    n = hits + misses
    return _Estimated(hits / n if n else 0.5, wilson(hits, n))


def _cell(counts: Counter[VerifiedLabel], drawn: bool, human: bool) -> tuple[int, int]:
    return counts[VerifiedLabel(drawn, True, human)], counts[VerifiedLabel(drawn, False, human)]  # noqa: FBT003 -- fields


def _joint(shares: _Shares) -> _Joint:
    found = dict.fromkeys(product((True, False), repeat=2), 0.0)  # by people and judge
    for drawn, of_all in ((True, shares[_DRAWN]), (False, 1 - shares[_DRAWN])):
        for human, part in ((True, shares[drawn]), (False, 1 - shares[drawn])):
            judge = shares[drawn, human]
            found[human, True] += of_all * part * judge
            found[human, False] += of_all * part * (1 - judge)
    now = shares.get(_NOW, shares[_DRAWN])
    return _Joint(found[True, True], found[True, False], found[False, True], found[False, False], now)


def _moved(of: Callable[[_Joint], float], known: Mapping[Hashable, _Estimated]) -> Interval:
    """The interval of an estimate: the moves of every share to its ends, added as squares."""
    middle = {key: one.rate for key, one in known.items()}
    at = of(_joint(middle))
    down = up = 0.0
    for key, one in known.items():
        ends = [of(_joint({**middle, key: end})) - at for end in one.ends]
        down += min(0.0, *ends) ** 2
        up += max(0.0, *ends) ** 2
    return Interval(at - sqrt(down), at + sqrt(up))


def _odds(of: Callable[[_Joint], float], known: Mapping[Hashable, _Estimated]) -> Corrected:
    """A rate whose interval is made on the scale of log odds; a rate of 0 or 1 has none, and stays on its own."""
    rate = of(_joint({key: one.rate for key, one in known.items()}))
    if not 0 < rate < 1:
        return _clipped(rate, _moved(of, known))
    low, high = _moved(lambda joint: _log_odds(of(joint)), known)
    return _clipped(rate, Interval(1 / (1 + exp(min(700.0, -low))), 1 / (1 + exp(min(700.0, -high)))))


def _log_odds(rate: float) -> float:
    return -inf if rate <= 0 else inf if rate >= 1 else log(rate / (1 - rate))


def _clipped(rate: float, interval: Interval) -> Corrected:
    rate, low, high = (min(1.0, max(0.0, value)) for value in (rate, *interval))
    return Corrected(rate, Interval(low, high))


def _of(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest > 0 else 0.0
