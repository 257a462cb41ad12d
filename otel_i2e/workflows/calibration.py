"""Calibration: a judge against people, on a labelled set that is frozen with the result.

    labels ──► consensus per span ──► the judge on every span ──► half for the threshold, half held out
                                                              ──► may it block? (a row of `judge_standings`)

A result speaks for one judge identity. What is measured stands in `held_out.py`; `drift_check.py` asks the frozen set
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import NotMeasured
from otel_i2e.models import Calibration, JudgedLabel, JudgeStanding, Rate
from otel_i2e.stats import (
    Corrected,
    PassShare,
    WeightedRate,
    cluster_sums,
    prediction_powered_rate,
    rogan_gladen,
    weighted_rate,
)
from otel_i2e.store import Store
from otel_i2e.workflows.held_out import measured, new_id, problems_of, rate_of, shown, tells_enough
from otel_i2e.workflows.judge_threshold import adopt_threshold, chosen_threshold
from otel_i2e.workflows.label_weights import frame_of, missing_verdict, verification, weighed
from otel_i2e.workflows.labelled_set import Judged, Question, ask, bench_of, drawn, questions
from otel_i2e.workflows.labels import Labelled, consensus
from otel_i2e.workflows.verdicts import Memory, recall

__all__ = ["calibrate"]

_REPEATED: Final = 20
"""Spans at most whose verdict is asked for again, for consistency."""
_POPULATION: Final = """
SELECT trace_id, weight, value >= $threshold AS passed FROM rated_scores
WHERE name = $scorer AND scorer_version = $version AND model IS NOT DISTINCT FROM $model
  AND source IN ('online', 'backfill') AND passed IS NOT NULL
"""


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
    found = measured(bench, items, chosen, judged.model, now, share=frame.share).model_copy(
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
            "calibration_id": new_id(later),
            "created_at": later,
            "scorer_version": bench.version,
            "threshold": bench.threshold,
        }
    )
    return _corrected(settings, found.model_copy(update={"problems": tuple(problems_of(found))}))


def _of(clear: Sequence[Labelled]) -> str:
    kind = "passes" if clear and clear[0].passed else "fails"
    return f"{len(clear)} labels that are clear, all of them {kind}" if clear else "no label that is clear"


def _some(asked: Sequence[Question]) -> list[tuple[str, str]]:
    return sorted((one.key for one in asked), key=drawn)[:_REPEATED]


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


def _same(passes: Sequence[Judged], keys: Sequence[tuple[str, str]]) -> Rate | None:
    """Of the spans with a verdict in every pass, the share with the same one."""
    verdicts = [[one.passed(key) for one in passes] for key in keys]
    whole = [given for given in verdicts if None not in given]
    return rate_of(sum(len(set(given)) == 1 for given in whole), len(whole))


def _corrected(settings: Settings, found: Calibration) -> Calibration:
    """With the pass rate of production as this identity and model saw it, corrected on the held-out half."""
    identity = {"scorer": found.scorer, "version": found.scorer_version, "model": found.model}
    with Store.of(settings).read() as reader:
        rows = reader.rows(_POPULATION, {**identity, "threshold": found.best_threshold})
    raw = weighted_rate(cluster_sums((row["trace_id"], row["weight"], row["passed"]) for row in rows))
    judged = {"judged": len(rows), "judged_pass": sum(row["passed"] for row in rows)}
    found = found.model_copy(update={**judged, "judged_rate": raw and shown(Corrected(raw.rate, raw.interval))})
    if raw is None or missing_verdict(found) or not tells_enough(found):
        return found
    if (known := verification(found, PassShare(raw.rate, raw.draws))) is not None:
        corrected, powered = known.rogan_gladen, known.prediction_powered
    else:
        corrected, powered = _as_they_lie(found, raw)
    return found.model_copy(update={"corrected": shown(corrected), "prediction_powered": shown(powered)})


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
