"""What the runs of one case amount to: passed, failed or not measured.

A repeat is judged as a conjunction with three values (Kleene's strong logic). One scorer that says
"failed" settles it, whatever else broke; otherwise anything that should have spoken and did not leaves
it unmeasured; it passes only when at least one scorer gave a verdict and every verdict is a pass.
A scorer gives a verdict when it scored and its score has a threshold (`Attempt.passed` is not None).

Over the repeats every reducer is "at least k of n". A case with a lost repeat never passes, under
`repeats = "any"` too: a flaky case whose other repeats were lost is not known to be well. A repeat that
was left out because the case was settled is another thing: it counts as what would hurt most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from otel_i2e.gate.findings import (
    Confirmed,
    Finding,
    RepeatVerdict,
    absent,
    answered_by,
    broken,
    confirmation,
    failure,
    lines,
    lost_repeats,
    no_verdict,
    unanswered,
    verdict_of,
)
from otel_i2e.gate.runs import served_models
from otel_i2e.gate.wording import line
from otel_i2e.models import (
    SEVEREST_FIRST,
    Action,
    Attempt,
    Case,
    CaseDecision,
    CaseRun,
    CaseVerdict,
    Policy,
    needed_passes,
)
from otel_i2e.stats import failure_probability

__all__ = ["case_decision", "cause_of", "repeat_verdict"]

_SHADOW: Final = "only a judge without a valid calibration decides it, and the policy does not take its word for a P0"


def repeat_verdict(
    case: Case, run: CaseRun, *, leave: Callable[[Attempt], bool] = lambda _attempt: False
) -> RepeatVerdict:
    """The verdict of one repeat; failures that `leave` picks do not count."""
    if run.status == "task_error":
        return RepeatVerdict(unmeasured=(Finding("the task raised an error", run.error or ""),))
    if run.status == "no_span":
        return RepeatVerdict(unmeasured=(Finding("the run left no span to score", run.error or ""),))
    verdicts = [verdict_of(attempt) for attempt in run.attempts]
    failures = [failure(attempt) for attempt in run.attempts if verdict_of(attempt) is False and not leave(attempt)]
    unmeasured = [*broken(run.attempts), *absent(case, run.attempts)]
    if not unmeasured and set(verdicts) <= {None}:
        unmeasured = [no_verdict(case, run.attempts)]
    return RepeatVerdict(tuple(failures), tuple(unmeasured))


def case_decision(
    case: Case,
    runs: Sequence[CaseRun],
    *,
    repeats: int,
    policy: Policy,
    skipped: int = 0,
    confirm: int = 0,
    is_shadow: Callable[[Attempt], bool] = lambda _attempt: False,
) -> CaseDecision:
    """The decision on one case from all its runs; the baseline and overrides are for others to fill in.

    `skipped` repeats were left out on purpose, because the verdict was settled; up to `confirm` runs beyond the
    repeats were made to see a failure again; `is_shadow` knows the attempts of judges that may not block.
    """
    first = [run for run in runs if not confirm or run.repeat < repeats]
    judged = [repeat_verdict(case, run) for run in first]
    again = [repeat_verdict(case, run) for run in runs if confirm and run.repeat >= repeats]
    needs = _needs(case, first, policy, repeats, skipped)
    shadow = _rests_on_shadows(case, first, needs, needs.verdict(judged), is_shadow)
    doubted = shadow and case.priority == "P0" and policy.uncalibrated_judge == "undecided"
    verdict, unmeasured = _with_gaps(case, first, needs, judged, repeats=repeats, doubted=doubted)
    several = {name: models for name, models in served_models(runs).items() if len(models) > 1}
    failures = lines((finding for repeat in judged for finding in repeat.failures), len(first))
    failures += [answered_by(name, several[name]) for name in sorted(several)]
    seen = needs.confirmed(judged, again, confirm, several=bool(several))
    unconfirmed = verdict == "failed" and seen.cleared
    return CaseDecision.model_validate(
        {
            "case_id": case.id,
            "priority": case.priority,
            "suite": case.suite,
            "verdict": verdict,
            "repeats": repeats,
            "stopped_early": needs.skipped > 0,
            "shadow": shadow,
            "unconfirmed": unconfirmed,
            "action": _action(policy, case, shadow=shadow, unconfirmed=unconfirmed) if verdict == "failed" else None,
            "several_models": bool(several),
            "reasons": (*failures, *confirmation(again, confirm, seen), *unmeasured),
            "unmeasured": tuple(unmeasured),
        }
        | _counts(judged, first, rated=not several)
    )


def _needs(case: Case, runs: Sequence[CaseRun], policy: Policy, repeats: int, skipped: int) -> _Needs:
    there = len({run.repeat for run in runs if 0 <= run.repeat < repeats})
    skipped = max(0, min(skipped, repeats - there))
    return _Needs(policy.reducer(case.suite, case.repeats), max(repeats, 1) - there - skipped, skipped)


def _with_gaps(
    case: Case,
    runs: Sequence[CaseRun],
    needs: _Needs,
    judged: Sequence[RepeatVerdict],
    *,
    repeats: int,
    doubted: bool,
) -> tuple[CaseVerdict, list[str]]:
    """The verdict, as far as what was not measured leaves one, and a line for each such gap."""
    verdict = needs.verdict(judged)
    gaps = lines((finding for repeat in judged for finding in repeat.unmeasured), len(runs))
    gaps += lost_repeats(case, needs.missing, repeats) + needs.impossible(repeats, verdict)
    if silent := unanswered(case, runs):
        verdict, gaps = "failed" if verdict == "failed" else "not_measured", gaps + silent
    if doubted:
        verdict, gaps = "not_measured", [*gaps, _SHADOW]
    return verdict, gaps


def _counts(judged: Sequence[RepeatVerdict], runs: Sequence[CaseRun], *, rated: bool) -> dict[str, Any]:
    """What the repeats add up to; where they are not `rated`, they make no rate."""
    passed = sum(repeat.passed for repeat in judged)
    measured = passed + sum(repeat.verdict == "failed" for repeat in judged)
    rate, interval = failure_probability(measured - passed, measured) if rated else failure_probability(0, 0)
    failed = [one for run in runs for one in run.attempts if verdict_of(one) is False]
    return {
        "passed_repeats": passed,
        "measured_repeats": measured,
        "failure_rate": rate,
        "failure_interval": (interval.low, interval.high),
        "failed_scorers": {one.scorer: one.scorer_version for one in failed},
    }


_UNJUDGED: Final = RepeatVerdict(unmeasured=(Finding("only judges that may not block spoke", ""),))


class _Needs(NamedTuple):
    """What the repeats of a case must give, and how many of them say nothing."""

    reducer: str
    missing: int
    """Lost: they may have gone either way, and nobody knows."""
    skipped: int
    """Left out: they would have changed nothing."""

    def verdict(self, judged: Sequence[RepeatVerdict]) -> CaseVerdict:
        """Failed when even the silent ones could not save it; passed when the silent ones could not sink it."""
        passed = sum(repeat.passed for repeat in judged)
        lost = self.missing + sum(repeat.verdict == "not_measured" for repeat in judged)
        repeats = len(judged) + self.missing + self.skipped
        needed = needed_passes(self.reducer, repeats)
        if needed > repeats:
            return "not_measured"
        if passed + lost + self.skipped < needed:
            return "failed"
        return "not_measured" if lost or passed < needed else "passed"

    def confirmed(
        self, judged: Sequence[RepeatVerdict], again: Sequence[RepeatVerdict], confirm: int, *, several: bool
    ) -> Confirmed:
        """What `confirm` further runs say of a failure. All of them must have been made and have passed.

        They answer for one failed repeat, the one that turned the verdict, and only together with the other repeats:
        most of all the runs must have passed. What was measured to fail again and again is not outvoted.
        """
        passed = sum(repeat.passed for repeat in judged)
        repeats = len(judged) + self.missing + self.skipped
        if not 0 < confirm <= sum(one.passed for one in again) == len(again):
            return Confirmed(cleared=False)
        if several:
            return Confirmed(cleared=False, why="by another judge")
        majority = 2 * (passed + len(again)) > repeats + len(again)
        if majority and passed + 1 >= needed_passes(self.reducer, repeats):
            return Confirmed(cleared=True)
        return Confirmed(cleared=False, why=f"and only {passed} of {repeats} repeats did")

    def impossible(self, repeats: int, verdict: CaseVerdict) -> list[str]:
        """Why a case without a lost repeat has no verdict."""
        if needed_passes(self.reducer, max(repeats, 1)) > max(repeats, 1):
            return [f"{self.reducer} repeats must pass, and there are only {repeats}"]
        if verdict == "not_measured" and self.skipped and not self.missing:
            return [f"{self.skipped} of {repeats} repeats were left out, and {self.reducer} needs them"]
        return []


def _rests_on_shadows(
    case: Case,
    runs: Sequence[CaseRun],
    needs: _Needs,
    verdict: CaseVerdict,
    is_shadow: Callable[[Attempt], bool],
) -> bool:
    """Whether the verdict would not stand without the judges that may not block."""
    if verdict == "passed":  # a repeat that only shadows judged was not judged
        alone = [bool(spoke) and all(map(is_shadow, spoke)) for spoke in map(_verdicts, runs)]
        judged = [_UNJUDGED if lonely else repeat_verdict(case, run) for lonely, run in zip(alone, runs, strict=True)]
        return any(alone) and needs.verdict(judged) != "passed"
    if verdict == "failed":
        return needs.verdict([repeat_verdict(case, run, leave=is_shadow) for run in runs]) != "failed"
    return False


def _action(policy: Policy, case: Case, *, shadow: bool, unconfirmed: bool) -> Action:
    """What the failure does: a shadow cannot block, and an unconfirmed failure does no more than the policy says.

    That of a P0 case needs an override all the same: somebody looks at it before it is let through.
    """
    actions: list[Action] = [policy.action(case.priority)]
    if shadow and actions[0] == "block":
        actions.append("override" if policy.P1 == "block" else policy.P1)
    if unconfirmed:
        mild = policy.unconfirmed in ("warn", "log")
        actions.append("override" if mild and case.priority == "P0" and not shadow else policy.unconfirmed)
    return max(actions, key=SEVEREST_FIRST.index)


def _verdicts(run: CaseRun) -> list[Attempt]:
    return [one for one in run.attempts if verdict_of(one) is not None]


def cause_of(case: Case, runs: Sequence[CaseRun], decision: CaseDecision) -> str:
    """Why the case could not be measured, without the name of the scorer: cases with one cause can be said together."""
    findings = (finding for run in runs for finding in repeat_verdict(case, run).unmeasured)
    return next((line(finding.why) for finding in findings if finding.why), decision.unmeasured[0])
