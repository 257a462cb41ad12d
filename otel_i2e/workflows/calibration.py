"""Calibration: a judge against people, on a labelled set that is frozen with the result.

    labels ──► consensus per span ──► the judge on every span ──► half for the threshold, half held out
                                                              ──► may it block? (a row of `judge_standings`)

A result speaks for one judge identity. The check asks the frozen set again, anew: when the judge or the model behind
it has changed for the worse, the right to block is suspended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from otel_i2e.config import Settings
from otel_i2e.errors import NotMeasured
from otel_i2e.models import Calibration, Contract, JudgedLabel, JudgeStanding, Rate
from otel_i2e.stats import (
    Corrected,
    PassShare,
    WeightedRate,
    cluster_sums,
    cohen_kappa,
    is_informative,
    mcnemar_drop,
    prediction_powered_rate,
    rogan_gladen,
    weighted_rate,
    wilson,
    wilson_share,
)
from otel_i2e.store import Store
from otel_i2e.workflows.judge_threshold import adopt_threshold, chosen_threshold
from otel_i2e.workflows.label_weights import drawn_share, frame_of, missing_verdict, verification, weighed
from otel_i2e.workflows.labelled_set import Bench, Judged, Question, ask, bench_of, drawn, questions
from otel_i2e.workflows.labels import Labelled, consensus
from otel_i2e.workflows.verdicts import Memory, recall

__all__ = ["DriftCheck", "calibrate", "check_drift"]

_LEAST: Final = 5
"""Held-out labels of each class, at the least, for a judge that may block."""
_GOOD: Final = 0.8
"""TPR and TNR, at the least, for a judge that may block."""
_SHOWN: Final = 0.5
"""Lower end of their 95 % intervals, at the least: few labels of a judge that guesses look good by luck."""
_MOST_ERRORS: Final = 0.1
"""PassShare of labelled spans without a verdict, at the most."""
_ALPHA: Final = 0.05
_REPEATED: Final = 20
"""Spans at most whose verdict is asked for again, for consistency."""
_POPULATION: Final = """
SELECT trace_id, weight, value >= $threshold AS passed FROM rated_scores
WHERE name = $scorer AND scorer_version = $version AND model IS NOT DISTINCT FROM $model
  AND source IN ('online', 'backfill') AND passed IS NOT NULL
"""


class DriftCheck(Contract):
    """The frozen set, asked again."""

    scorer: str
    """The judge."""
    before: str
    """The identity that was calibrated."""
    now: str
    """The identity that was asked now."""
    model_before: str | None
    """The model that answered then; None when several did."""
    model_now: str | None
    """The model that answers now; None when several do."""
    compared: int
    """Spans with a verdict then and now."""
    errors: int
    """Spans without a verdict now."""
    broke: int
    """Verdicts that agreed with people and no longer do."""
    fixed: int
    """Verdicts that now agree with people and did not."""
    p: float
    """How often chance alone would break as many of those that changed (exact McNemar)."""
    may_block: bool
    """Whether the judge may block a release from now on."""
    reason: str
    """Why, one line."""


def calibrate(
    settings: Settings,
    name: str,
    *,
    repeats: int = 3,
    cache: bool = True,
    write: bool = False,
    now: datetime | None = None,
) -> Calibration:
    """Hold the judge `name` against its labels; store the result, and whether it may block.

    The threshold is chosen on one half of the labels; the other half measures at it. A judge whose own threshold is
    another may not block; with `write` the chosen one goes into its prompt file, and the result belongs to the
    identity that the judge then has. `repeats` verdicts are asked for anew on up to 20 spans, and as many in reverse
    order of the choices. Raises ScorerError and UsageError for the name and for a prompt file that cannot be written,
    NotMeasured without labels of both kinds or without any verdict.
    """
    now = now or datetime.now(UTC)
    bench = bench_of(settings, name)
    with Store.of(settings).read() as reader:
        labelled = consensus(reader, name)
        clear = [one for one in labelled if one.passed is not None]
        if {one.passed for one in clear} != {True, False}:
            raise NotMeasured(
                f"{name!r} has {_of(clear)}: a calibration needs passes and fails; "
                f"i2e label --scorer {name} shows what to label"
            )
        asked = questions(reader, bench, clear)
        some = _some(asked)
        frame = frame_of(reader, name, ((one.span_id, one.scorer) for one in clear))
        turned = questions(reader, bench.reversed(), [one for one in clear if (one.span_id, one.scorer) in some])
    memory = recall(settings, cache=cache)
    judged = ask(settings, asked, memory)
    swapped = ask(settings, turned, memory)
    again = [ask(settings, [one for one in asked if one.key in some], Memory()) for _ in range(repeats - 1)]
    drawn = {key: judged.passed(key) for key in ((one.span_id, one.scorer) for one in clear)} | frame.verdicts
    own = weighed(_items(clear, judged, drawn), frame.share)
    chosen = chosen_threshold(own, bench.threshold, bench.prompt.choices.values())
    judged, swapped, *again = (one.at(chosen) for one in (judged, swapped, *again))
    items = weighed(_items(clear, judged, drawn), frame.share)
    found = _measured(bench, items, chosen, judged.model, now, share=frame.share).model_copy(
        update={
            "disputed": len(labelled) - len(clear),
            "swap_consistency": _same([judged, swapped], some),
            "repeat_consistency": _same([judged, *again], some) if again else None,
        }
    )
    _keep(settings, found := _corrected(settings, found), memory)
    if write and chosen != bench.threshold:
        adopt_threshold(settings, bench.prompt, chosen)
        _keep(settings, found := _adopted(settings, found), Memory())
    return found


def _adopted(settings: Settings, found: Calibration) -> Calibration:
    """The same result for the identity that has the chosen threshold for its own: later than that of the old one."""
    bench = bench_of(settings, found.scorer)
    later = found.created_at + timedelta(microseconds=1)
    found = found.model_copy(
        update={
            "calibration_id": _id(later),
            "created_at": later,
            "scorer_version": bench.version,
            "threshold": bench.threshold,
        }
    )
    return _corrected(settings, found.model_copy(update={"problems": tuple(_problems(found))}))


def check_drift(settings: Settings, name: str, *, now: datetime | None = None) -> DriftCheck:
    """Ask the frozen set of the latest calibration again; a significant change for the worse suspends the judge.

    Where nothing significant changed, and the identity and the one model that answer now are good enough by themselves,
    the right to block goes over to these.
    Raises NotMeasured without a calibration, or when too few verdicts could be had: then nothing changes.
    """
    now = now or datetime.now(UTC)
    bench = bench_of(settings, name)
    with Store.of(settings).read() as reader:
        before = reader.calibration(name)
        if before is None:
            raise NotMeasured(f"{name!r} was never calibrated: i2e calibrate {name}")
        frozen = [Labelled(one.trace_id, one.span_id, None, one.scorer or name, one.human) for one in before.items]
        asked = questions(reader, bench, frozen)
    check = _compared(before, bench, ask(settings, asked, Memory()))
    standing = JudgeStanding(
        scorer=name,
        scorer_version=bench.version,
        model=check.model_now,
        may_block=check.may_block,
        reason=check.reason,
        created_at=now,
    )
    with Store.of(settings).write() as writer:
        writer.add_standing(standing)
    return check


def _of(clear: Sequence[Labelled]) -> str:
    kind = "passes" if clear and clear[0].passed else "fails"
    return f"{len(clear)} labels that are clear, all of them {kind}" if clear else "no label that is clear"


def _some(asked: Sequence[Question]) -> list[tuple[str, str]]:
    return sorted((one.key for one in asked), key=drawn)[:_REPEATED]


def _key(item: JudgedLabel, name: str) -> tuple[str, str]:
    return item.span_id, item.scorer or name


def _items(
    labelled: Sequence[Labelled], judged: Judged, drawn_by: Mapping[tuple[str, str], bool | None]
) -> tuple[JudgedLabel, ...]:
    """Every other label of each kind is held out, in the order of a hash: the same halves each time."""
    seen: Counter[bool] = Counter()
    items: list[JudgedLabel] = []
    for one in sorted(labelled, key=lambda one: drawn((one.span_id, one.scorer))):
        human = bool(one.passed)
        key = one.span_id, one.scorer
        items.append(
            JudgedLabel(
                trace_id=one.trace_id,
                span_id=one.span_id,
                human=human,
                scorer=one.scorer,
                judge=judged.passed(key),
                value=judged.value(key),
                held_out=seen[human] % 2 == 0,
                drawn=drawn_by[key],
            )
        )
        seen[human] += 1
    return tuple(items)


def _id(now: datetime) -> str:
    return f"cal-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"


def _measured(
    bench: Bench,
    items: tuple[JudgedLabel, ...],
    chosen: float,
    model: str | None,
    now: datetime,
    *,
    share: PassShare | None,
) -> Calibration:
    pairs = [(item.human, item.judge) for item in items if item.held_out and item.judge is not None]
    if not pairs:
        raise NotMeasured(f"the judge {bench.name!r} gave no verdict on any held-out label; nothing was calibrated")
    count = Counter(pairs)
    tp, fp, fn, tn = count[True, True], count[False, True], count[True, False], count[False, False]
    found = Calibration(
        calibration_id=_id(now),
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
        tpr=_rate(tp, tp + fn),
        tnr=_rate(tn, tn + fp),
        threshold=bench.threshold,
        best_threshold=chosen,
        drawn_rate=share and _shown(Corrected(share.rate, wilson_share(share.rate, share.draws))),
        drawn_draws=share and share.draws,
    )
    if (known := verification(found)) is not None:
        rates = {"tpr": known.tpr if tp + fn else None, "tnr": known.tnr if tn + fp else None}
        found = found.model_copy(update={"kappa": known.kappa, **{name: _shown(one) for name, one in rates.items()}})
    return found.model_copy(update={"problems": tuple(_problems(found))})


def _problems(found: Calibration) -> list[str]:
    passes, fails = found.true_pass + found.false_fail, found.true_fail + found.false_pass
    said: list[str] = []
    if found.best_threshold != found.threshold:
        said.append(
            f"its threshold is {found.threshold:g}, and {found.best_threshold:g} was chosen on the labels that are not "
            f"held out: i2e calibrate {found.scorer} --write"
        )
    if min(passes, fails) < _LEAST:
        said.append(f"too few held-out labels: {passes} pass, {fails} fail, and {_LEAST} of each are needed")
    if found.errors > _MOST_ERRORS * len(found.items):
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
    elif not _is_informative(found):
        said.append("it says too little about the truth (TPR + TNR - 1 below 0.3, or its interval touches 0)")
    return said


def _same(passes: Sequence[Judged], keys: Sequence[tuple[str, str]]) -> Rate | None:
    """Of the spans with a verdict in every pass, the share with the same one."""
    verdicts = [[one.passed(key) for one in passes] for key in keys]
    whole = [given for given in verdicts if None not in given]
    return _rate(sum(len(set(given)) == 1 for given in whole), len(whole))


def _is_informative(found: Calibration) -> bool:
    if (known := verification(found)) is not None:
        return known.is_informative
    passes, fails = found.true_pass + found.false_fail, found.true_fail + found.false_pass
    return is_informative(found.true_pass, passes, found.true_fail, fails)


def _corrected(settings: Settings, found: Calibration) -> Calibration:
    """With the pass rate of production as this identity and model saw it, corrected on the held-out half."""
    identity = {"scorer": found.scorer, "version": found.scorer_version, "model": found.model}
    with Store.of(settings).read() as reader:
        rows = reader.rows(_POPULATION, {**identity, "threshold": found.best_threshold})
    raw = weighted_rate(cluster_sums((row["trace_id"], row["weight"], row["passed"]) for row in rows))
    judged = {"judged": len(rows), "judged_pass": sum(row["passed"] for row in rows)}
    found = found.model_copy(update={**judged, "judged_rate": raw and _shown(Corrected(raw.rate, raw.interval))})
    if raw is None or missing_verdict(found) or not _is_informative(found):
        return found
    if (known := verification(found, PassShare(raw.rate, raw.draws))) is not None:
        corrected, powered = known.rogan_gladen, known.prediction_powered
    else:
        corrected, powered = _as_they_lie(found, raw)
    return found.model_copy(update={"corrected": _shown(corrected), "prediction_powered": _shown(powered)})


def _as_they_lie(found: Calibration, raw: WeightedRate) -> tuple[Corrected | None, Corrected | None]:
    """Labels that were not drawn by a verdict: each counts as one."""
    passes, fails = found.true_pass + found.false_fail, found.true_fail + found.false_pass
    counts = {"right_passes": found.true_pass, "passes": passes, "right_fails": found.true_fail, "fails": fails}
    pairs = [(float(item.judge), float(item.human)) for item in found.items if item.held_out and item.judge is not None]
    corrected = rogan_gladen(raw.rate * raw.draws, raw.draws, **counts)
    return corrected, prediction_powered_rate(raw.rate, raw.draws, pairs)


def _keep(settings: Settings, found: Calibration, memory: Memory) -> None:
    tpr, tnr = found.tpr, found.tnr
    said = f"TPR {tpr.rate:.2f}, TNR {tnr.rate:.2f} on {len(found.items)} labels" if tpr and tnr else "one class only"
    standing = JudgeStanding(
        scorer=found.scorer,
        scorer_version=found.scorer_version,
        model=found.model,
        may_block=not found.problems,
        reason="; ".join(found.problems) or said,
        created_at=found.created_at,
    )
    with Store.of(settings).write() as writer:
        writer.add_calibration(found)
        writer.add_standing(standing)
        writer.add_verdicts([*memory.fresh.values()])


def _compared(before: Calibration, bench: Bench, judged: Judged) -> DriftCheck:
    right: list[tuple[bool, bool]] = []
    for item in before.items:
        now = judged.passed(_key(item, bench.name))
        if item.judge is not None and now is not None:
            right.append((item.judge == item.human, now == item.human))
    errors = sum(judged.passed(_key(item, bench.name)) is None for item in before.items)
    if not right or errors > _MOST_ERRORS * len(before.items):
        raise NotMeasured(f"{errors} of {len(before.items)} frozen labels got no verdict now; nothing was changed")
    broke, fixed = right.count((True, False)), right.count((False, True))
    p = mcnemar_drop(broke, fixed)
    said = f"{len(right)} frozen labels asked again: {broke} broke, {fixed} fixed (p = {p:.3f})"
    drifted = p <= _ALPHA
    asked = {"held_out": True}  # all of them: nothing of who answers now was chosen on any
    items = tuple(
        item.model_copy(update={**asked, "judge": judged.passed(_key(item, bench.name))}) for item in before.items
    )
    chosen = bench.threshold if before.best_threshold is None else before.best_threshold
    found = _measured(bench, items, chosen, judged.model, before.created_at, share=drawn_share(before))
    problems = "; ".join(dict.fromkeys((*before.problems, *found.problems)))
    return DriftCheck(
        scorer=before.scorer,
        before=before.scorer_version,
        now=bench.version,
        model_before=before.model,
        model_now=judged.model,
        compared=len(right),
        errors=errors,
        broke=broke,
        fixed=fixed,
        p=p,
        may_block=not drifted and not problems,
        reason=f"suspended: drift, {said}" if drifted else problems or said,
    )


def _rate(part: int, n: int) -> Rate | None:
    if n == 0:
        return None
    low, high = wilson(part, n)
    return Rate(rate=part / n, low=low, high=high)


def _shown(found: Corrected | None) -> Rate | None:
    return None if found is None else Rate(rate=found.rate, low=found.interval.low, high=found.interval.high)
