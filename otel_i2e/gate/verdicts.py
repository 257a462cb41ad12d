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

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from otel_i2e.gate.runs import served_models
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Action, Attempt, Case, CaseDecision, CaseRun, CaseVerdict, Outcome, Policy, needed_passes
from otel_i2e.stats import failure_probability

__all__ = ["Finding", "RepeatVerdict", "case_decision", "cause_of", "repeat_verdict", "verdict_of"]

_MILDER: Final[tuple[Action, ...]] = ("block", "override", "warn", "log")
_SHADOW: Final = "only a judge without a valid calibration decides it, and the policy does not take its word for a P0"
_UNMEASURED = {
    Outcome.ERROR: "broke",
    Outcome.OVER_BUDGET: "was over budget",
    Outcome.NO_CONTENT: "had no content to score",
    Outcome.LEFT_OUT: "was left out",
    Outcome.SAMPLED_OUT: "was sampled out",
}


class Finding(NamedTuple):
    """One thing that kept a repeat from passing."""

    what: str
    """Who and what: `cites_only_sources failed`. Equal findings of several repeats become one line."""
    why: str
    """In words, from the scorer or the error; may be empty."""


class RepeatVerdict(NamedTuple):
    """What one repeat of a case came to."""

    failures: tuple[Finding, ...] = ()
    """Scorers that said no."""
    unmeasured: tuple[Finding, ...] = ()
    """What should have spoken and did not."""

    @property
    def passed(self) -> bool:
        """Whether nothing kept it from passing."""
        return not self.failures and not self.unmeasured

    @property
    def verdict(self) -> CaseVerdict:
        """A failure settles it; then anything unmeasured; passed otherwise."""
        return "failed" if self.failures else "not_measured" if self.unmeasured else "passed"


def repeat_verdict(
    case: Case, run: CaseRun, *, leave: Callable[[Attempt], bool] = lambda _attempt: False
) -> RepeatVerdict:
    """The verdict of one repeat; failures that `leave` picks do not count."""
    if run.status == "task_error":
        return RepeatVerdict(unmeasured=(Finding("the task raised an error", run.error or ""),))
    if run.status == "no_span":
        return RepeatVerdict(unmeasured=(Finding("the run left no span to score", run.error or ""),))
    verdicts = [verdict_of(attempt) for attempt in run.attempts]
    failures = [_failure(attempt) for attempt in run.attempts if verdict_of(attempt) is False and not leave(attempt)]
    unmeasured = [*_broken(run.attempts), *_absent(case, run.attempts)]
    if not unmeasured and set(verdicts) <= {None}:
        unmeasured = [_no_verdict(case, run.attempts)]
    return RepeatVerdict(tuple(failures), tuple(unmeasured))


def verdict_of(attempt: Attempt) -> bool | None:
    """Whether the scorer passed the subject; None when it gave no verdict."""
    return attempt.passed if attempt.outcome is Outcome.SCORED else None


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
    made = runs
    again = [repeat_verdict(case, run) for run in runs if confirm and run.repeat >= repeats]
    runs = [run for run in runs if not confirm or run.repeat < repeats]
    judged = [repeat_verdict(case, run) for run in runs]
    there = len({run.repeat for run in runs if 0 <= run.repeat < repeats})
    skipped = max(0, min(skipped, repeats - there))
    needs = _Needs(policy.reducer(case.suite, case.repeats), max(repeats, 1) - there - skipped, skipped)
    verdict = needs.verdict(judged)
    shadow = _rests_on_shadows(case, runs, needs, verdict, is_shadow)
    several = {name: models for name, models in served_models(made).items() if len(models) > 1}
    failures = _lines((finding for repeat in judged for finding in repeat.failures), len(runs))
    failures += [f"{line(name, 120)} was answered by {_models(several[name])}" for name in sorted(several)]
    unmeasured = _lines((finding for repeat in judged for finding in repeat.unmeasured), len(runs))
    unmeasured += _missing(case, needs.missing, repeats) + needs.impossible(repeats, verdict)
    if shadow and case.priority == "P0" and policy.uncalibrated_judge == "undecided":
        verdict, unmeasured = "not_measured", [*unmeasured, _SHADOW]
    cleared = 0 < confirm <= sum(one.passed for one in again) == len(again) and not several
    unconfirmed = verdict == "failed" and cleared
    return CaseDecision.model_validate(
        {
            "case_id": case.id,
            "priority": case.priority,
            "suite": case.suite,
            "verdict": verdict,
            "repeats": repeats,
            "stopped_early": skipped > 0,
            "shadow": shadow,
            "unconfirmed": unconfirmed,
            "action": _action(policy, case, shadow=shadow, unconfirmed=unconfirmed) if verdict == "failed" else None,
            "several_models": bool(several),
            "reasons": (*failures, *_confirmation(again, confirm, cleared=cleared), *unmeasured),
            "unmeasured": tuple(unmeasured),
        }
        | _counts(judged, runs, rated=not several)
    )


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
    return max(actions, key=_MILDER.index)


def _verdicts(run: CaseRun) -> list[Attempt]:
    return [one for one in run.attempts if verdict_of(one) is not None]


def _models(models: Iterable[str]) -> str:
    names = sorted(models)
    return f"{len(names)} models, which are {len(names)} judges: {listed(names)}"


def _confirmation(again: Sequence[RepeatVerdict], confirm: int, *, cleared: bool) -> list[str]:
    """What the runs beyond the repeats showed. One that was not made, or not measured, clears nobody."""
    if not again:
        return []
    passed, failed = sum(one.passed for one in again), sum(one.verdict == "failed" for one in again)
    if failed:
        return [f"seen again in {failed} of {_runs(len(again))}"]
    if cleared:
        return [f"flaky: it passed in {_runs(passed)}"]
    if passed >= confirm:
        return [f"not cleared: it passed in {_runs(passed)}, by another judge"]
    return [f"not cleared: {passed} of {_runs(confirm)} passed, and the rest is missing"]


def _runs(count: int) -> str:
    return f"{count} confirmation run{'' if count == 1 else 's'}"


def cause_of(case: Case, runs: Sequence[CaseRun], decision: CaseDecision) -> str:
    """Why the case could not be measured, without the name of the scorer: cases with one cause can be said together."""
    findings = (finding for run in runs for finding in repeat_verdict(case, run).unmeasured)
    return next((line(finding.why) for finding in findings if finding.why), decision.unmeasured[0])


def _failure(attempt: Attempt) -> Finding:
    """The scorer's explanation or label, and its number where that says more than no."""
    score = attempt.score
    said = (score.explanation or score.label or "") if score is not None else ""
    if score is not None and score.value is not None and attempt.threshold is not None:
        plain = score.value in (0.0, 1.0) and attempt.threshold == 1.0
        if not (said and plain):
            said = f"{said} ({score.value:.4g}, threshold {attempt.threshold:.4g})".strip()
    return Finding(f"{line(attempt.scorer, 120)} failed", said)


def _broken(attempts: Iterable[Attempt]) -> list[Finding]:
    return [
        Finding(f"{line(attempt.scorer, 120)} {_UNMEASURED[attempt.outcome]}", attempt.error or "")
        for attempt in attempts
        if attempt.outcome in _UNMEASURED
    ]


def _absent(case: Case, attempts: Sequence[Attempt]) -> list[Finding]:
    """Scorers that the case names, and entries of `must` and `must_not`, that no attempt stands for."""
    tried = {attempt.scorer for attempt in attempts}
    absent = [Finding(f"{line(name, 120)} was never run", "") for name in case.scorers if name not in tried]
    checks = len(case.must) + len(case.must_not)
    run = sum(attempt.scorer not in case.scorers for attempt in attempts)
    if attempts and run < checks:
        absent.append(Finding(f"{checks - run} of {checks} entries of must and must_not were never run", ""))
    return absent


def _no_verdict(case: Case, attempts: Sequence[Attempt]) -> Finding:
    if attempts:
        why = listed(f"{a.scorer} {'has no threshold' if a.score else 'does not apply'}" for a in attempts)
        return Finding("no scorer gave a verdict", why)
    if case.checks_something:
        return Finding("nothing was scored", "")
    return Finding("nothing to check", "give the case must, must_not or scorers")


def _lines(findings: Iterable[Finding], runs: int) -> list[str]:
    """One line per different finding, with the number of repeats when there were several; the first why is shown."""
    whys: dict[str, list[str]] = {}
    for finding in findings:
        whys.setdefault(finding.what, []).append(finding.why)
    return [_line(what, found, runs) for what, found in whys.items()]


def _line(what: str, whys: Sequence[str], runs: int) -> str:
    often = f" in {len(whys)} of {runs} repeats" if runs > 1 else ""
    why = next((why for why in whys if why), "")
    return f"{what}{often}: {line(why)}" if why else f"{what}{often}"


def _missing(case: Case, missing: int, repeats: int) -> list[str]:
    if not missing:
        return []
    if not case.checks_something:
        return ["nothing to check: give the case must, must_not or scorers"]
    return ["it was not run"] if missing == max(repeats, 1) else [f"{missing} of {repeats} repeats are missing"]
