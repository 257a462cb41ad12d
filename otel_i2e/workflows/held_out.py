"""What a calibration and a check of drift measure: a judge's verdicts on held-out labels, and whether they suffice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final
from uuid import uuid4

from otel_i2e.errors import NotMeasured
from otel_i2e.models import Calibration, JudgedLabel, Rate
from otel_i2e.stats import Corrected, PassShare, cohen_kappa, is_informative, wilson, wilson_share
from otel_i2e.workflows.label_weights import missing_verdict, verification
from otel_i2e.workflows.labelled_set import Bench

__all__ = ["MOST_ERRORS", "measured", "new_id", "problems_of", "rate_of", "shown", "tells_enough"]

_LEAST: Final = 5
"""Held-out labels of each class, at the least, for a judge that may block."""
_GOOD: Final = 0.8
"""TPR and TNR, at the least, for a judge that may block."""
_SHOWN: Final = 0.5
"""Lower end of their 95 % intervals, at the least: few labels of a judge that guesses look good by luck."""
MOST_ERRORS: Final = 0.1
"""Share of labelled spans without a verdict, at the most."""


def measured(
    bench: Bench,
    items: tuple[JudgedLabel, ...],
    chosen: float,
    model: str | None,
    now: datetime,
    *,
    share: PassShare | None,
) -> Calibration:
    """The result of `items` at the threshold `chosen`, and what stands against blocking by it.

    Raises NotMeasured when the judge gave no verdict on any held-out label.
    """
    pairs = [(item.human, item.judge) for item in items if item.held_out and item.judge is not None]
    if not pairs:
        raise NotMeasured(f"the judge {bench.name!r} gave no verdict on any held-out label; nothing was calibrated")
    count = Counter(pairs)
    tp, fp, fn, tn = count[True, True], count[False, True], count[True, False], count[False, False]
    found = Calibration(
        calibration_id=new_id(now),
        scorer=bench.name,
        scorer_version=bench.version,
        model=model,
        created_at=now,
        items=items,
        errors=sum(item.judge is None for item in items),
        true_pass=tp,
        false_pass=fp,
        false_fail=fn,
        true_fail=tn,
        kappa=cohen_kappa([human for human, _ in pairs], [judge for _, judge in pairs]),
        tpr=rate_of(tp, tp + fn),
        tnr=rate_of(tn, tn + fp),
        threshold=bench.threshold,
        best_threshold=chosen,
        drawn_rate=share and shown(Corrected(share.rate, wilson_share(share.rate, share.draws))),
        drawn_draws=share and share.draws,
    )
    if (known := verification(found)) is not None:
        rates = {"tpr": known.tpr if tp + fn else None, "tnr": known.tnr if tn + fp else None}
        found = found.model_copy(update={"kappa": known.kappa, **{name: shown(one) for name, one in rates.items()}})
    return found.model_copy(update={"problems": tuple(problems_of(found))})


def problems_of(found: Calibration) -> list[str]:
    """Why the judge may not block, one line each; none when it may."""
    passes, fails = found.true_pass + found.false_fail, found.true_fail + found.false_pass
    said: list[str] = []
    if found.best_threshold != found.threshold:
        said.append(
            f"its threshold is {found.threshold:g}, and {found.best_threshold:g} was chosen on the labels that are not "
            f"held out: i2e calibrate {found.scorer} --write"
        )
    if min(passes, fails) < _LEAST:
        said.append(f"too few held-out labels: {passes} pass, {fails} fail, and {_LEAST} of each are needed")
    if found.errors > MOST_ERRORS * len(found.items):
        said.append(f"{found.errors} of {len(found.items)} labelled spans got no verdict")
    if found.model is None:
        said.append("several models answered; pin one")
    for name, rate in (("TPR", found.tpr), ("TNR", found.tnr)):
        if rate is not None and rate.rate < _GOOD:
            said.append(f"{name} {rate.rate:.2f} is below {_GOOD}")
        elif rate is not None and rate.low < _SHOWN:
            interval = f"[{rate.low:.2f}, {rate.high:.2f}]"
            said.append(f"{name} {rate.rate:.2f} {interval} is not shown to be above {_SHOWN}: label more")
    if (missing := missing_verdict(found)) is not None:
        said.append(missing)
    elif not tells_enough(found):
        said.append("it says too little about the truth (TPR + TNR - 1 below 0.3, or its interval touches 0)")
    return said


def tells_enough(found: Calibration) -> bool:
    """Whether rates can be corrected by it: its verdicts say something about the truth."""
    if (known := verification(found)) is not None:
        return known.is_informative
    passes, fails = found.true_pass + found.false_fail, found.true_fail + found.false_pass
    return is_informative(found.true_pass, passes, found.true_fail, fails)


def new_id(now: datetime) -> str:
    """Of a calibration; sortable by time."""
    return f"cal-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"


def rate_of(part: int, n: int) -> Rate | None:
    """With Wilson's interval; None of nothing."""
    if n == 0:
        return None
    low, high = wilson(part, n)
    return Rate(rate=part / n, low=low, high=high)


def shown(found: Corrected | None) -> Rate | None:
    """As a result keeps it."""
    return None if found is None else Rate(rate=found.rate, low=found.interval.low, high=found.interval.high)
