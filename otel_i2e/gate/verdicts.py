"""What the runs of one case amount to: passed, failed or not measured.

A repeat is judged as a conjunction with three values (Kleene's strong logic). One scorer that says
"failed" settles it, whatever else broke; otherwise anything that should have spoken and did not leaves
it unmeasured; it passes only when at least one scorer gave a verdict and every verdict is a pass.
A scorer gives a verdict when it scored and its score has a threshold (`Attempt.passed` is not None).

A case with an unmeasured repeat never passes, under `repeats = "any"` too: a flaky case whose other
repeats were lost is not known to be well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Attempt, Case, CaseDecision, CaseRun, CaseVerdict, Outcome, Policy

__all__ = ["Finding", "RepeatVerdict", "case_decision", "cause_of", "repeat_verdict", "verdict_of"]

_UNMEASURED = {
    Outcome.ERROR: "broke",
    Outcome.OVER_BUDGET: "was over budget",
    Outcome.NO_CONTENT: "had no content to score",
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
    def verdict(self) -> CaseVerdict:
        """A failure settles it; then anything unmeasured; passed otherwise."""
        return "failed" if self.failures else "not_measured" if self.unmeasured else "passed"


def repeat_verdict(case: Case, run: CaseRun) -> RepeatVerdict:
    """The verdict of one repeat."""
    if run.status == "task_error":
        return RepeatVerdict(unmeasured=(Finding("the task raised an error", run.error or ""),))
    if run.status == "no_span":
        return RepeatVerdict(unmeasured=(Finding("the run left no span to score", run.error or ""),))
    verdicts = [verdict_of(attempt) for attempt in run.attempts]
    failures = [_failure(attempt) for attempt in run.attempts if verdict_of(attempt) is False]
    unmeasured = [*_broken(run.attempts), *_absent(case, run.attempts)]
    if not unmeasured and set(verdicts) <= {None}:
        unmeasured = [_no_verdict(case, run.attempts)]
    return RepeatVerdict(tuple(failures), tuple(unmeasured))


def verdict_of(attempt: Attempt) -> bool | None:
    """Whether the scorer passed the subject; None when it gave no verdict."""
    return attempt.passed if attempt.outcome is Outcome.SCORED else None


def case_decision(case: Case, runs: Sequence[CaseRun], *, repeats: int, policy: Policy) -> CaseDecision:
    """The decision on one case from all its runs; `change` and `overridden` are left at their defaults."""
    judged = [repeat_verdict(case, run) for run in runs]
    missing = max(repeats, 1) - len({run.repeat for run in runs if 0 <= run.repeat < repeats})
    verdicts: list[CaseVerdict] = [repeat.verdict for repeat in judged]
    verdicts.extend("not_measured" for _ in range(missing))
    verdict = _over_repeats(verdicts, policy)
    failures = _lines((finding for repeat in judged for finding in repeat.failures), len(runs))
    unmeasured = _lines((finding for repeat in judged for finding in repeat.unmeasured), len(runs))
    unmeasured += _missing(case, missing, repeats)
    return CaseDecision(
        case_id=case.id,
        priority=case.priority,
        suite=case.suite,
        verdict=verdict,
        passed_repeats=verdicts.count("passed"),
        measured_repeats=len(verdicts) - verdicts.count("not_measured"),
        repeats=repeats,
        action=policy.action(case.priority) if verdict == "failed" else None,
        reasons=(*failures, *unmeasured),
        unmeasured=tuple(unmeasured),
    )


def cause_of(case: Case, runs: Sequence[CaseRun], decision: CaseDecision) -> str:
    """Why the case could not be measured, without the name of the scorer: cases with one cause can be said together."""
    findings = (finding for run in runs for finding in repeat_verdict(case, run).unmeasured)
    return next((line(finding.why) for finding in findings if finding.why), decision.unmeasured[0])


def _over_repeats(verdicts: Sequence[CaseVerdict], policy: Policy) -> CaseVerdict:
    if policy.repeats == "all" and "failed" in verdicts:
        return "failed"
    if "not_measured" in verdicts:
        return "not_measured"
    return "passed" if "passed" in verdicts else "failed"


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
