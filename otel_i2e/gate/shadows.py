"""Judges that have not earned the right to block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from otel_i2e.gate.remark import Remark
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Attempt, CaseDecision, Experiment, JudgeStanding, Policy

__all__ = ["identity_remarks", "in_force", "shadow_remarks", "shadows"]


def in_force(standings: Iterable[JudgeStanding], policy: Policy, now: datetime) -> list[JudgeStanding]:
    """The standings as they are at `now`: one that is older than the policy's `standing_days` lets nobody block."""
    days = policy.standing_days
    if days is None:
        return list(standings)
    oldest = now - timedelta(days=days)
    return [
        one.model_copy(
            update={"may_block": False, "reason": f"last checked {one.created_at:%Y-%m-%d}, over {days} days"}
        )
        if one.may_block and one.created_at < oldest
        else one
        for one in standings
    ]


def shadows(standings: Iterable[JudgeStanding], policy: Policy) -> Callable[[Attempt], bool]:
    """Whether an attempt was made by a judge that may not block.

    A judge is an attempt with a model. Its latest standing counts, and only for its own version and model. A criterion
    in words is judged by the prompt behind it, whatever it says.
    """
    if policy.uncalibrated_judge == "allow":
        return lambda _attempt: False
    latest = _latest(standings)

    def is_shadow(attempt: Attempt) -> bool:
        if attempt.model is None:
            return False
        standing = latest.get(_judge(attempt))
        return standing is None or not standing.may_block or standing.model != attempt.model

    return is_shadow


def shadow_remarks(
    cases: Sequence[CaseDecision],
    experiment: Experiment,
    is_shadow: Callable[[Attempt], bool],
    standings: Iterable[JudgeStanding],
) -> list[Remark]:
    """Which P0 cases do not block because of who judged them, and why those judges may not."""
    here = [case for case in cases if case.shadow]
    if not here:
        return []
    said: list[Remark] = []
    demoted = [case.case_id for case in here if case.priority == "P0" and case.verdict != "not_measured"]
    if demoted:
        number = "1 P0 case counts" if len(demoted) == 1 else f"{len(demoted)} P0 cases count"
        said.append(
            Remark(
                "note",
                f"DEMOTED: {number} as P1, judged only by a judge without a valid calibration: {listed(demoted)}",
            )
        )
    latest = _latest(standings)
    names = {_named(one, latest) for run in experiment.runs for one in run.attempts if is_shadow(one)}
    said.append(
        Remark(
            "note",
            f"{len(here)} of {len(cases)} verdicts rest on judges that cannot block and count in no pass rate "
            f"({'; '.join(sorted(names)[:3])}{' …' if len(names) > 3 else ''}): i2e calibrate",
        )
    )
    return said


def identity_remarks(experiment: Experiment, is_shadow: Callable[[Attempt], bool]) -> list[Remark]:
    """Judges that several models answered for. Where more than one of these may block, every rate would mix them."""
    served: dict[tuple[str, str], dict[str, bool]] = {}
    for run in experiment.runs:
        for one in run.attempts:
            if one.model is not None and one.score is not None and one.passed is not None:
                served.setdefault(_judge(one), {})[one.model] = not is_shadow(one)
    return [
        Remark(
            "undecided" if sum(models.values()) > 1 else "note",
            f"judge {line(name, 80)} {version} was answered by {len(models)} models, which are {len(models)} judges: "
            f"{listed(sorted(models))}; pin one",
        )
        for (name, version), models in sorted(served.items())
        if len(models) > 1
    ]


def _judge(attempt: Attempt) -> tuple[str, str]:
    """Name and identity under which the judge was calibrated."""
    return attempt.judge or attempt.scorer, attempt.judge_version or attempt.scorer_version


def _latest(standings: Iterable[JudgeStanding]) -> dict[tuple[str, str], JudgeStanding]:
    """By name and identity."""
    return {(one.scorer, one.scorer_version): one for one in sorted(standings, key=lambda one: one.created_at)}


def _named(attempt: Attempt, latest: Mapping[tuple[str, str], JudgeStanding]) -> str:
    """The judge of an attempt, and why it may not block."""
    name, version = _judge(attempt)
    standing = latest.get((name, version))
    others = [one for one in latest.values() if one.scorer == name and one.may_block]
    if standing is None:
        why = f"and {others[-1].scorer_version} was calibrated" if others else "never calibrated"
    elif not standing.may_block:
        why = line(standing.reason or "may not block", 160)
    else:
        why = (
            f"answered by {line(attempt.model, 60)}, and {line(standing.model or 'several models', 60)} was calibrated"
        )
    return f"{line(name, 80)} {version}, {why}"
