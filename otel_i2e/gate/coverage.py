"""Was enough measured? What the record lacks, and how much of that a policy bears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from otel_i2e.gate.findings import silent_checks
from otel_i2e.gate.remark import Remark
from otel_i2e.gate.runs import runs_by_case
from otel_i2e.gate.verdicts import cause_of
from otel_i2e.gate.wording import case_name, line, listed
from otel_i2e.models import CaseDecision, Experiment, Json, Outcome, Policy

__all__ = ["inconsistencies", "left_out", "silence_remarks", "tolerates", "unmeasured"]

_SKEW: Final = timedelta(minutes=5)
"""By how much the clocks of machines may differ."""

_INTERRUPTED: Final = "the evaluation was interrupted before it had run everything"


def inconsistencies(experiment: Experiment, now: datetime) -> list[Remark]:
    """What makes the record itself unfit for a decision.

    Whoever interrupts an evaluation chooses which cases are measured: no policy bears that.
    """
    if not experiment.cases:
        return [Remark("undecided", _why_no_cases(experiment))]
    cut = [_INTERRUPTED] if experiment.metadata.get("interrupted") else []
    return [Remark("undecided", text) for text in [*cut, *_damage(experiment, now)]]


def _damage(experiment: Experiment, now: datetime) -> Iterator[str]:
    """What no evaluation of ours records."""
    if experiment.created_at > now + _SKEW:
        yield (
            f"the experiment is dated {experiment.created_at:%Y-%m-%d %H:%M} UTC, which lies ahead: a clock was wrong, "
            "and what was evaluated since may be hidden by it"
        )
    if experiment.repeats < 1:
        yield f"the experiment says {experiment.repeats} repeats; at least 1 is needed"
    twice = [case_id for case_id, count in Counter(case.id for case in experiment.cases).items() if count > 1]
    if twice:
        yield f"case ids occur more than once: {listed(twice)}"
    strangers = {run.case_id for run in experiment.runs} - {case.id for case in experiment.cases}
    if strangers:
        yield f"runs of cases that the experiment does not list: {listed(sorted(strangers))}"
    runs = Counter((run.case_id, run.repeat) for run in experiment.runs)
    again = dict.fromkeys(case_id for (case_id, _), count in runs.items() if count > 1)
    if again:
        yield f"a repeat is recorded more than once of: {listed(again)}"


def _why_no_cases(experiment: Experiment) -> str:
    if unfinished := experiment.metadata.get("unfinished"):
        return line(str(unfinished), 300)
    refused = experiment.metadata.get("refused")
    return f"the evaluation could not run: {line(str(refused), 300)}" if refused else "the experiment has no cases"


def unmeasured(cases: Sequence[CaseDecision], experiment: Experiment, policy: Policy) -> list[Remark]:
    """One line per cause, so that a missing key is said once and not once per case."""
    runs = runs_by_case(experiment)
    causes: dict[str, list[CaseDecision]] = {}
    for case, decision in zip(experiment.cases, cases, strict=True):
        if decision.unmeasured:
            causes.setdefault(cause_of(case, runs.get(case.id, ()), decision), []).append(decision)
    lines = [
        f"{case_name(found[0])} could not be measured{_in_full(found[0])}: {found[0].unmeasured[0]}"
        if len(found) == 1
        else f"{len(found)} cases could not be measured ({listed((case.case_id for case in found), 3)}): {cause}"
        for cause, found in causes.items()
    ]
    if not lines or not tolerates(cases, experiment, policy):
        return [Remark("undecided", text) for text in [*lines, *_beyond(cases, experiment, policy)]]
    full = sum(not case.unmeasured for case in cases)
    borne = f"{full} of {len(cases)} cases were measured in full, which the policy bears (min_coverage)"
    return [Remark("note", text) for text in [borne, *lines]]


def tolerates(cases: Sequence[CaseDecision], experiment: Experiment, policy: Policy) -> bool:
    """Whether what was not measured is within the policy's bounds. A P0 case never is."""
    full = sum(not case.unmeasured for case in cases)
    return (
        policy.min_coverage < 1
        and full > 0
        and full / len(cases) >= policy.min_coverage
        and errors_of(experiment) <= policy.max_errors
        and not any(case.unmeasured and case.priority == "P0" for case in cases)
    )


def errors_of(experiment: Experiment) -> int:
    """Tasks and scorers that broke."""
    broken = sum(run.status != "ok" for run in experiment.runs)
    return broken + sum(one.outcome is Outcome.ERROR for run in experiment.runs for one in run.attempts)


def _replayed(experiment: Experiment) -> Iterator[str]:
    """Verdicts of judges that were not given in this run."""
    found = experiment.metadata.get("replayed_verdicts")
    if isinstance(found, dict):
        known = cast("Json", found)
        days = sorted({str(known.get(end, ""))[:10] for end in ("first", "last")} - {""})
        yield f"{known.get('verdicts')} verdicts of judges were replayed, recorded {line(' to '.join(days), 40)}"


def left_out(experiment: Experiment, baseline: Experiment | None) -> list[Remark]:
    """What a reader would otherwise believe was there."""
    said: list[str] = []
    if without := experiment.metadata.get("left_out"):
        said.append(f"left out of this run: {line(str(without), 300)}")
    said += _replayed(experiment)
    whole = experiment.metadata.get("dataset_cases")
    if isinstance(whole, int) and whole > len(experiment.cases):
        said.append(
            f"only {len(experiment.cases)} of the {whole} cases of {line(experiment.dataset, 80)} were evaluated"
        )
    if baseline is not None:
        here = {case.id for case in experiment.cases}
        gone = [case.id for case in baseline.cases if case.id not in here]
        if gone:
            said.append(f"the baseline has cases that are not in this experiment: {listed(gone)}")
        if baseline.dataset != experiment.dataset:
            said.append(f"the baseline is of another dataset, {line(baseline.dataset, 80)}")
        if baseline.created_at > experiment.created_at:
            said.append(f"the baseline {baseline.experiment_id} was made after this experiment")
    return [Remark("note", text) for text in said]


def silence_remarks(cases: Sequence[CaseDecision], experiment: Experiment) -> list[Remark]:
    """Checks that passing cases name and that gave no verdict in any repeat: they were passed by others."""
    runs = runs_by_case(experiment)
    silent: dict[str, list[str]] = {}
    for case, decision in zip(experiment.cases, cases, strict=True):
        found = silent_checks(case, runs.get(case.id, ())) if decision.verdict == "passed" else {}
        for name, why in found.items():
            silent.setdefault(f"{line(name, 80)} {why}", []).append(case.id)
    if not silent:
        return []
    said = listed(f"{what} ({listed(ids, 2)})" for what, ids in silent.items())
    return [Remark("note", f"checks that gave no verdict, in cases that passed by others: {said}")]


def _beyond(cases: Sequence[CaseDecision], experiment: Experiment, policy: Policy) -> list[str]:
    """Which bound of a policy that bears gaps was passed."""
    full = sum(not case.unmeasured for case in cases)
    if policy.min_coverage == 1 or full == len(cases):
        return []
    said = [f"{full} of {len(cases)} cases were measured in full; the policy asks for {policy.min_coverage:.4g}"]
    if (errors := errors_of(experiment)) > policy.max_errors:
        said.append(f"{errors} errors of tasks and scorers; the policy bears {policy.max_errors}")
    return said


def _in_full(case: CaseDecision) -> str:
    return "" if case.verdict == "not_measured" else " in full"
