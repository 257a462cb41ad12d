"""The decision on an experiment: pass, fail or undecided.

The three verdicts follow the same logic as a case's:

* **fail** when a measured failure settles it: a case whose action is `block`; one whose action is
  `override` and that nobody overrode; a suite that stays below the threshold even if every case that
  was not measured had passed. Something unmeasured beside it cannot make the release good, so it
  stays a fail, and what was not measured is listed below the failures.
* **undecided** when nothing settles it and anything that had to be measured was not: no cases, a
  case with nothing to check, a task or scorer error, a missing repeat, no verdict. The priority of
  the case does not matter, nor whether its other repeats failed and were overridden or only logged.
* **pass** when every repeat of every case was measured, no case fails the run, and every suite
  reaches its threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from otel_i2e.gate.changes import change_of, same_test
from otel_i2e.gate.overriding import apply_overrides
from otel_i2e.gate.suites import suite_rates
from otel_i2e.gate.verdicts import case_decision, cause_of
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import CaseDecision, CaseRun, Decision, Experiment, Override, Policy

__all__ = ["decide"]


def decide(
    experiment: Experiment,
    policy: Policy | None = None,
    baseline: Experiment | None = None,
    overrides: Sequence[Override] = (),
    *,
    now: datetime,
) -> Decision:
    """Apply `policy` (default: the built-in one) to a recorded experiment. Calls no model and reads no file.

    `baseline` fills in what changed; it does not alter the verdict. `now` becomes `decided_at`.
    """
    policy = policy or Policy()
    cases = _with_changes(_case_decisions(experiment, policy), experiment, baseline, policy)
    cases, ignored = apply_overrides(cases, overrides, experiment.experiment_id)
    failures = [*_case_failures(cases), *_suite_failures(cases, policy)]
    unmeasured = [*_inconsistencies(experiment), *_unmeasured(cases, experiment)]
    notes = [*_tolerated(cases), *ignored, *_left_out(experiment, baseline)]
    return Decision(
        verdict="fail" if failures else "undecided" if unmeasured else "pass",
        experiment_id=experiment.experiment_id,
        baseline_id=baseline.experiment_id if baseline is not None else None,
        dataset=experiment.dataset,
        cases=tuple(cases),
        reasons=(*failures, *unmeasured, *notes),
        policy=policy,
        decided_at=now,
    )


def _case_decisions(experiment: Experiment, policy: Policy) -> list[CaseDecision]:
    runs = _runs(experiment)
    return [
        case_decision(case, runs.get(case.id, ()), repeats=experiment.repeats, policy=policy)
        for case in experiment.cases
    ]


def _runs(experiment: Experiment) -> dict[str, list[CaseRun]]:
    runs: dict[str, list[CaseRun]] = {}
    for run in experiment.runs:
        runs.setdefault(run.case_id, []).append(run)
    return runs


def _with_changes(
    cases: list[CaseDecision], experiment: Experiment, baseline: Experiment | None, policy: Policy
) -> list[CaseDecision]:
    if baseline is None:
        return cases
    before = {decision.case_id: decision for decision in _case_decisions(baseline, policy)}
    tests = {case.id: case for case in baseline.cases}
    same = {case.id for case in experiment.cases if case.id in tests and same_test(case, tests[case.id])}
    return [
        case.model_copy(update={"change": change_of(case, before.get(case.case_id), comparable=case.case_id in same)})
        for case in cases
    ]


def _case_failures(cases: Iterable[CaseDecision]) -> list[str]:
    blocking = [f"{_name(case)} fails and blocks{_why(case)}" for case in cases if case.action == "block"]
    waiting = [
        f"{_name(case)} fails the run until it is overridden{_why(case)}"
        for case in cases
        if case.action == "override" and case.overridden is None
    ]
    return blocking + waiting


def _suite_failures(cases: Iterable[CaseDecision], policy: Policy) -> list[str]:
    return [
        f"suite {line(suite.suite, 80)}: {suite.passed} of {suite.measured} measured cases passed "
        f"({suite.passed / max(suite.measured, 1):.1%}), below the threshold of {policy.suite_threshold:.4g}"
        for suite in suite_rates(cases)
        if suite.best_rate is not None and suite.best_rate < policy.suite_threshold
    ]


def _inconsistencies(experiment: Experiment) -> list[str]:
    """What makes the record itself unfit for a decision."""
    if not experiment.cases:
        refused = experiment.metadata.get("refused")
        return (
            [f"the evaluation could not run: {line(str(refused), 300)}"] if refused else ["the experiment has no cases"]
        )
    found: list[str] = []
    if experiment.repeats < 1:
        found.append(f"the experiment says {experiment.repeats} repeats; at least 1 is needed")
    twice = [case_id for case_id, count in Counter(case.id for case in experiment.cases).items() if count > 1]
    if twice:
        found.append(f"case ids occur more than once: {listed(twice)}")
    strangers = {run.case_id for run in experiment.runs} - {case.id for case in experiment.cases}
    if strangers:
        found.append(f"runs of cases that the experiment does not list: {listed(sorted(strangers))}")
    return found


def _unmeasured(cases: Sequence[CaseDecision], experiment: Experiment) -> list[str]:
    """One line per cause, so that a missing key is said once and not once per case."""
    runs = _runs(experiment)
    causes: dict[str, list[CaseDecision]] = {}
    for case, decision in zip(experiment.cases, cases, strict=True):
        if decision.unmeasured:
            causes.setdefault(cause_of(case, runs.get(case.id, ()), decision), []).append(decision)
    return [
        f"{_name(found[0])} could not be measured{_in_full(found[0])}: {found[0].unmeasured[0]}"
        if len(found) == 1
        else f"{len(found)} cases could not be measured ({listed((case.case_id for case in found), 3)}): {cause}"
        for cause, found in causes.items()
    ]


def _in_full(case: CaseDecision) -> str:
    return "" if case.verdict == "not_measured" else " in full"


def _tolerated(cases: Iterable[CaseDecision]) -> list[str]:
    said: list[str] = []
    for case in cases:
        if case.overridden is not None:
            by, reason = line(case.overridden.by, 80), line(case.overridden.reason)
            said.append(f"{_name(case)} fails and is overridden by {by}: {reason}")
        elif case.action in ("warn", "log"):
            said.append(f"{_name(case)} fails; the policy only {case.action}s{_why(case)}")
    return said


def _left_out(experiment: Experiment, baseline: Experiment | None) -> list[str]:
    said: list[str] = []
    if experiment.metadata.get("interrupted"):
        said.append("the evaluation was interrupted before it had run everything")
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
    return said


def _name(case: CaseDecision) -> str:
    return f"{case.priority} {line(case.case_id, 80)}"


def _why(case: CaseDecision) -> str:
    return f": {case.reasons[0]}" if case.reasons else ""
