"""One look of the drift sentinel: the frozen labels of a calibration, asked again.

When the judge or the model behind it has changed for the worse, the right to block is suspended. Which judges are due
is the question of `drift.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import NotMeasured
from otel_i2e.models import Calibration, Contract, JudgedLabel, JudgeStanding
from otel_i2e.stats import mcnemar_drop
from otel_i2e.store import Store
from otel_i2e.workflows.held_out import MOST_ERRORS, measured
from otel_i2e.workflows.label_weights import drawn_share
from otel_i2e.workflows.labelled_set import Bench, Judged, ask, bench_of, questions
from otel_i2e.workflows.labels import Labelled
from otel_i2e.workflows.verdicts import Memory

__all__ = ["DriftCheck", "check_drift"]

_ALPHA: Final = 0.05


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


def _compared(before: Calibration, bench: Bench, judged: Judged) -> DriftCheck:
    right: list[tuple[bool, bool]] = []
    for item in before.items:
        now = judged.passed(_key(item, bench.name))
        if item.judge is not None and now is not None:
            right.append((item.judge == item.human, now == item.human))
    errors = sum(judged.passed(_key(item, bench.name)) is None for item in before.items)
    if not right or errors > MOST_ERRORS * len(before.items):
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
    found = measured(bench, items, chosen, judged.model, before.created_at, share=drawn_share(before))
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


def _key(item: JudgedLabel, name: str) -> tuple[str, str]:
    return item.span_id, item.scorer or name
