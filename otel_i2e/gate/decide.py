"""The decision on an experiment: pass, fail or undecided.

The three verdicts follow the same logic as a case's:

* **fail** when a measured failure settles it: a case whose action is `block`; one whose action is
  `override` and that nobody overrode; a suite, slice or scorer that stays below its threshold even if
  everything that was not measured had passed; a significant drop against the baseline; a budget. What was
  not measured beside it cannot make the release good: it stays a fail, and the gaps are listed below.
* **undecided** when nothing settles it and anything that had to be measured was not: no cases, a
  case with nothing to check, a task or scorer error, a missing repeat, no verdict. The priority of
  the case does not matter, nor whether its other repeats failed and were overridden or only logged.
* **pass** when every repeat of every case was measured, or the policy bears the gaps, no case fails the
  run, and every threshold is reached. It is never shown without the smallest drop it could have noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from otel_i2e.gate.budgets import budget_remarks
from otel_i2e.gate.changes import change_of, changed_scorers, same_test
from otel_i2e.gate.comparison import Pair, compared, comparison_remarks, detectable, pairs_of, sensitivity
from otel_i2e.gate.coverage import inconsistencies, left_out, silence_remarks, tolerates, unmeasured
from otel_i2e.gate.demands import demand_remarks
from otel_i2e.gate.overriding import apply_overrides, debt, override_remarks
from otel_i2e.gate.rejudge import rejudged
from otel_i2e.gate.relabelled import at_highest_priority, relabelled_remarks
from otel_i2e.gate.remark import Remark
from otel_i2e.gate.runs import confirmations, first_repeats, runs_by_case, skipped_repeats
from otel_i2e.gate.scorer_rates import scorer_remarks
from otel_i2e.gate.shadows import identity_remarks, in_force, shadow_remarks, shadows
from otel_i2e.gate.suites import suite_remarks
from otel_i2e.gate.unpaired import unpaired_remarks
from otel_i2e.gate.verdicts import case_decision
from otel_i2e.gate.wording import case_name, line, listed
from otel_i2e.models import (
    Attempt,
    CaseDecision,
    Comparison,
    Decision,
    Experiment,
    JudgeStanding,
    Override,
    OverrideState,
    Policy,
)

__all__ = ["decide"]


def decide(
    experiment: Experiment,
    policy: Policy | None = None,
    baseline: Experiment | None = None,
    overrides: Sequence[Override] = (),
    *,
    standings: Sequence[JudgeStanding] = (),
    elsewhere: Sequence[str] = (),
    now: datetime,
) -> Decision:
    """Apply `policy` (default: the built-in one) to a recorded experiment. Calls no model and reads no file.

    `overrides` are those on record for its cases, `standings` say which judges may block, `elsewhere` what had to be
    measured beside it and was not, a line each. `now` becomes `decided_at`.
    """
    policy = policy or Policy()
    experiment = rejudged(experiment, policy)
    baseline = rejudged(baseline, policy) if baseline is not None else None
    judged = _judged(experiment, baseline, policy, in_force(standings, policy, now), overrides, now=now)
    pairs = judged.pairs()
    comparison, drop = compared(pairs, policy), detectable(pairs, judged.cases, policy)
    remarks = _remarks(judged, comparison, elsewhere, now)
    effects = {remark.effect for remark in remarks}
    return Decision(
        verdict="fail" if "fail" in effects else "undecided" if "undecided" in effects else "pass",
        experiment_id=experiment.experiment_id,
        baseline_id=baseline.experiment_id if baseline is not None else None,
        dataset=experiment.dataset,
        cases=tuple(judged.cases),
        reasons=tuple(one.text for effect in ("fail", "undecided", "note") for one in remarks if one.effect == effect),
        comparison=comparison,
        detectable_drop=drop,
        sensitivity=sensitivity(pairs, drop, sum(case.verdict != "not_measured" for case in judged.cases)),
        overrides=tuple(judged.states),
        override_debt=debt(judged.states, judged.cases),
        policy=policy,
        decided_at=now,
    )


class _Judged(NamedTuple):
    """An experiment and its baseline, case for case, by one policy."""

    experiment: Experiment
    baseline: Experiment | None
    policy: Policy
    standings: Sequence[JudgeStanding]
    """Those in force."""
    is_shadow: Callable[[Attempt], bool]
    """Whether an attempt is of a judge that may not block."""
    cases: list[CaseDecision]
    """By all repeats, with what changed and what was overridden."""
    at: list[CaseDecision]
    """By as many repeats as the baseline has as well."""
    before: list[CaseDecision]
    """The baseline's."""
    alike: frozenset[str]
    """Cases that are the same test there."""
    remade: list[Remark]
    states: list[OverrideState]

    @property
    def overridden(self) -> frozenset[str]:
        return frozenset(case.case_id for case in self.cases if case.overridden is not None)

    def pairs(self) -> list[Pair]:
        """The cases that can be compared."""
        return pairs_of(self.at, {case.case_id: case for case in self.before}, self.alike, self.overridden)


def _judged(
    experiment: Experiment,
    baseline: Experiment | None,
    policy: Policy,
    standings: Sequence[JudgeStanding],
    overrides: Sequence[Override],
    *,
    now: datetime,
) -> _Judged:
    is_shadow = shadows(standings, policy)
    fewest = min(experiment.repeats, baseline.repeats) if baseline is not None else experiment.repeats
    before = _decisions(first_repeats(baseline, fewest), policy, is_shadow) if baseline is not None else []
    held = at_highest_priority(experiment, baseline, policy)
    at = _decisions(first_repeats(held, fewest), policy, is_shadow)
    alike, remade = _comparable(experiment, baseline)
    cases = at if fewest == experiment.repeats else _decisions(held, policy, is_shadow)
    cases = _with_changes(cases, at, baseline, before, alike)
    cases, states = apply_overrides(cases, overrides, experiment, now)
    return _Judged(experiment, baseline, policy, standings, is_shadow, cases, at, before, alike, remade, states)


def _remarks(judged: _Judged, comparison: Comparison | None, elsewhere: Sequence[str], now: datetime) -> list[Remark]:
    """What every part of the policy says, in the order in which it is told."""
    experiment, baseline, policy, cases = judged.experiment, judged.baseline, judged.policy, judged.cases
    bears_gaps = tolerates(cases, experiment, policy)
    counted = [one for one in judged.at if one.case_id not in judged.overridden]
    return [
        *_case_failures(cases),
        *suite_remarks(cases, experiment.cases, policy, bears_gaps=bears_gaps),
        *scorer_remarks(experiment, policy, judged.is_shadow),
        *comparison_remarks(comparison, experiment, baseline, policy),
        *unpaired_remarks(counted, judged.before, experiment, baseline, policy, alike=len(judged.alike)),
        *budget_remarks(experiment, policy),
        *inconsistencies(experiment, now),
        *demand_remarks(cases, experiment, policy, bears_gaps=bears_gaps),
        *unmeasured(cases, experiment, policy),
        *(Remark("undecided", text) for text in elsewhere),
        *identity_remarks(experiment, judged.is_shadow),
        *shadow_remarks(cases, experiment, judged.is_shadow, judged.standings),
        *relabelled_remarks(experiment, baseline, policy),
        *_tolerated(cases),
        *silence_remarks(cases, experiment),
        *override_remarks(judged.states, cases),
        *judged.remade,
        *left_out(experiment, baseline),
    ]


def _decisions(experiment: Experiment, policy: Policy, is_shadow: Callable[[Attempt], bool]) -> list[CaseDecision]:
    runs = runs_by_case(experiment)
    return [
        case_decision(
            case,
            runs.get(case.id, ()),
            repeats=experiment.repeats,
            policy=policy,
            skipped=skipped_repeats(experiment, case.id),
            confirm=confirmations(experiment),
            is_shadow=is_shadow,
        )
        for case in experiment.cases
    ]


def _comparable(experiment: Experiment, baseline: Experiment | None) -> tuple[frozenset[str], list[Remark]]:
    """The cases that are the same test with the same scorers as in the baseline, and those that were remade."""
    if baseline is None:
        return frozenset(), []
    tests = {case.id: case for case in baseline.cases}
    same = {case.id for case in experiment.cases if case.id in tests and same_test(case, tests[case.id])}
    now, then = runs_by_case(experiment), runs_by_case(baseline)
    remade = {one: found for one in same if (found := changed_scorers(now.get(one, ()), then.get(one, ())))}
    if not remade:
        return frozenset(same), []
    names = sorted({name for found in remade.values() for name in found})
    text = f"{len(remade)} cases are not compared with the baseline, because their scorers changed: {listed(names)}"
    return frozenset(same - remade.keys()), [Remark("note", text)]


def _with_changes(
    cases: list[CaseDecision],
    at: Sequence[CaseDecision],
    baseline: Experiment | None,
    before: Sequence[CaseDecision],
    alike: frozenset[str],
) -> list[CaseDecision]:
    by_id = {decision.case_id: decision for decision in before}
    changes = [
        change_of(case, then, by_id.get(case.case_id), comparable=case.case_id in alike)
        for case, then in zip(cases, at, strict=True)
    ]
    return [
        case.model_copy(update={"change": "none" if change == "new" and baseline is None else change})
        for case, change in zip(cases, changes, strict=True)
    ]


def _case_failures(cases: Iterable[CaseDecision]) -> list[Remark]:
    blocking = [f"{case_name(case)} fails and blocks{_why(case)}" for case in cases if case.action == "block"]
    waiting = [
        f"{case_name(case)} fails the run until it is overridden{_why(case)}"
        for case in cases
        if case.action == "override" and case.overridden is None
    ]
    return [Remark("fail", text) for text in blocking + waiting]


def _tolerated(cases: Iterable[CaseDecision]) -> list[Remark]:
    said: list[str] = []
    for case in cases:
        if case.overridden is not None:
            by, reason = line(case.overridden.by, 80), line(case.overridden.reason)
            said.append(f"{case_name(case)} fails and is overridden by {by}: {reason}")
        elif case.action in ("warn", "log"):
            said.append(f"{case_name(case)} fails; the policy only {case.action}s{_why(case)}")
        elif case.verdict == "passed" and case.change == "flaky":
            said.append(f"{case_name(case)} is flaky: {case.passed_repeats} of {case.measured_repeats} repeats passed")
    return [Remark("note", text) for text in said]


def _why(case: CaseDecision) -> str:
    return f": {case.reasons[0]}" if case.reasons else ""
