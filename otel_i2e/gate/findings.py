"""What kept a case from passing, in words: one line for each different thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Attempt, Case, CaseRun, CaseVerdict, Outcome

__all__ = [
    "Confirmed",
    "Finding",
    "RepeatVerdict",
    "absent",
    "answered_by",
    "broken",
    "confirmation",
    "failure",
    "lines",
    "lost_repeats",
    "no_verdict",
    "silent_checks",
    "unanswered",
    "verdict_of",
]

_UNMEASURED: Final = {
    Outcome.ERROR: "broke",
    Outcome.OVER_BUDGET: "was over budget",
    Outcome.NO_CONTENT: "had no content to score",
    Outcome.LEFT_OUT: "was left out",
    Outcome.SAMPLED_OUT: "was sampled out",
}
_DEMANDS: Final = ("must: ", "must_not: ")
"""How the names of the checks of `must` and `must_not` begin."""
_DOES_NOT_APPLY: Final = "does not apply"
_NOTHING: Final = "give the case must, must_not or scorers"


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


def verdict_of(attempt: Attempt) -> bool | None:
    """Whether the scorer passed the subject; None when it gave no verdict."""
    return attempt.passed if attempt.outcome is Outcome.SCORED else None


def failure(attempt: Attempt) -> Finding:
    """The scorer's explanation or label, and its number where that says more than no."""
    score = attempt.score
    said = (score.explanation or score.label or "") if score is not None else ""
    if score is not None and score.value is not None and attempt.threshold is not None:
        plain = score.value in (0.0, 1.0) and attempt.threshold == 1.0
        if not (said and plain):
            said = f"{said} ({score.value:.4g}, threshold {attempt.threshold:.4g})".strip()
    return Finding(f"{line(attempt.scorer, 120)} failed", said)


def broken(attempts: Iterable[Attempt]) -> list[Finding]:
    """Scorers that should have given a verdict and could not."""
    return [
        Finding(f"{line(attempt.scorer, 120)} {_UNMEASURED[attempt.outcome]}", attempt.error or "")
        for attempt in attempts
        if attempt.outcome in _UNMEASURED
    ]


def absent(case: Case, attempts: Sequence[Attempt]) -> list[Finding]:
    """Scorers that the case names, and entries of `must` and `must_not`, that no attempt stands for."""
    tried = {attempt.scorer for attempt in attempts}
    missing = [Finding(f"{line(name, 120)} was never run", "") for name in case.scorers if name not in tried]
    checks = len(case.must) + len(case.must_not)
    run = sum(attempt.scorer not in case.scorers for attempt in attempts)
    if attempts and run < checks:
        missing.append(Finding(f"{checks - run} of {checks} entries of must and must_not were never run", ""))
    return missing


def no_verdict(case: Case, attempts: Sequence[Attempt]) -> Finding:
    """Why a repeat in which nothing broke has no verdict."""
    if attempts:
        return Finding("no scorer gave a verdict", listed(f"{one.scorer} {_silence(one)}" for one in attempts))
    if case.checks_something:
        return Finding("nothing was scored", "")
    return Finding("nothing to check", _NOTHING)


def silent_checks(case: Case, runs: Iterable[CaseRun]) -> dict[str, str]:
    """Checks of the case that gave no verdict in any repeat, though nothing broke and others did: name → why."""
    tried = [one for run in runs for one in run.attempts]
    heard = {one.scorer for one in tried if verdict_of(one) is not None}
    if not heard:
        return {}  # each repeat says that
    broke = {one.scorer for one in tried if one.outcome in _UNMEASURED}
    return {one.scorer: _silence(one) for one in tried if _is_own(case, one) and one.scorer not in heard | broke}


def unanswered(case: Case, runs: Sequence[CaseRun]) -> list[str]:
    """Silent checks without which the case was not measured, a line each.

    What it `must` and `must_not`; any check of a P0 case that does not apply; all, where none of its own spoke.
    """
    silent = silent_checks(case, runs)
    alone = silent.keys() >= {one.scorer for run in runs for one in run.attempts if _is_own(case, one)}
    often = " in any repeat" if len(runs) > 1 else ""
    return [
        f"{line(name, 120)} {why}{often}, so it measured nothing: mend it, or take it out of the case"
        for name, why in silent.items()
        if alone or name.startswith(_DEMANDS) or (case.priority == "P0" and why == _DOES_NOT_APPLY)
    ]


def lines(findings: Iterable[Finding], runs: int) -> list[str]:
    """One line per different finding, with the number of repeats when there were several; the first why is shown."""
    whys: dict[str, list[str]] = {}
    for finding in findings:
        whys.setdefault(finding.what, []).append(finding.why)
    return [_line(what, found, runs) for what, found in whys.items()]


def lost_repeats(case: Case, missing: int, repeats: int) -> list[str]:
    """That `missing` of the `repeats` are not on record."""
    if not missing:
        return []
    if not case.checks_something:
        return [f"nothing to check: {_NOTHING}"]
    return ["it was not run"] if missing == max(repeats, 1) else [f"{missing} of {repeats} repeats are missing"]


def answered_by(name: str, models: Iterable[str]) -> str:
    """That several models answered for a judge."""
    names = sorted(models)
    return f"{line(name, 120)} was answered by {len(names)} models, which are {len(names)} judges: {listed(names)}"


class Confirmed(NamedTuple):
    """What the runs beyond the repeats came to."""

    cleared: bool
    """Whether the failure is none to hold a release back."""
    why: str = ""
    """Why it is not cleared, where all of these runs passed: `by another judge`."""


def confirmation(again: Sequence[RepeatVerdict], confirm: int, seen: Confirmed) -> list[str]:
    """What the runs beyond the repeats showed. One that was not made, or not measured, clears nobody."""
    if not again:
        return []
    passed, failed = sum(one.passed for one in again), sum(one.verdict == "failed" for one in again)
    if failed:
        return [f"seen again in {failed} of {_runs(len(again))}"]
    if seen.cleared:
        return [f"flaky: it passed in {_runs(passed)}"]
    if passed >= confirm:
        return [f"not cleared: it passed in {_runs(passed)}, {seen.why}"]
    return [f"not cleared: {passed} of {_runs(confirm)} passed, and the rest is missing"]


def _silence(attempt: Attempt) -> str:
    return _DOES_NOT_APPLY if attempt.score is None else "has no threshold"


def _is_own(case: Case, attempt: Attempt) -> bool:
    return attempt.scorer in case.scorers or attempt.scorer.startswith(_DEMANDS)


def _line(what: str, whys: Sequence[str], runs: int) -> str:
    often = f" in {len(whys)} of {runs} repeats" if runs > 1 else ""
    why = next((why for why in whys if why), "")
    return f"{what}{often}: {line(why)}" if why else f"{what}{often}"


def _runs(count: int) -> str:
    return f"{count} confirmation run{'' if count == 1 else 's'}"
