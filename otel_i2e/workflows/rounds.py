"""Which runs to make next: all at once, or round by round where what came before can make some unnecessary.

`--stop-early` leaves out repeats that cannot change a case's verdict under its reducer. `--confirm` runs a
case again whose failure would hold a release back, and stops when the failure is seen a second time. A single failed
repeat can be cleared by it, together with the other repeats: so these are not left out after the first. Both are
written into the record: the gate must know a repeat that was left out from one that was lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from otel_i2e.gate import case_decision, repeat_verdict
from otel_i2e.models import Case, CaseRun, Policy, needed_passes
from otel_i2e.workflows.case_runs import Planned

__all__ = ["Effort", "next_round", "record_of"]

_MOST_CONFIRMED: Final = 20
"""Failing cases that are run again; more than these are no accident."""


class Effort(NamedTuple):
    """How much is run."""

    repeats: int
    """Runs of each case at most."""
    stop_early: bool = False
    """Whether to leave out repeats that cannot change the verdict."""
    confirm: int = 0
    """Further runs of a failing case at most."""


def next_round(
    cases: Sequence[Case], made: Sequence[CaseRun], effort: Effort, policy: Policy, *, number: int
) -> list[Planned]:
    """The runs of round `number`, from 0; empty when there is nothing more to do."""
    first = effort.repeats if effort.stop_early else 1
    if number < first:
        repeats = range(number, number + 1) if effort.stop_early else range(effort.repeats)
        runs = _by_case(made)
        going = [case for case in cases if not effort.stop_early or not _settled(case, runs, effort, policy)]
        planned = [Planned(case, repeat) for repeat in repeats for case in going]
        return planned or next_round(cases, made, effort, policy, number=first)
    if number - first >= effort.confirm:
        return []
    doubtful = list(_doubtful(cases, made, effort, policy))
    at = effort.repeats + number - first
    return [Planned(case, at) for case in doubtful] if len(doubtful) <= _MOST_CONFIRMED else []


def record_of(cases: Sequence[Case], made: Sequence[CaseRun], effort: Effort, policy: Policy) -> dict[str, Any]:
    """What the experiment's metadata must say of the effort."""
    record: dict[str, Any] = {}
    if effort.stop_early:
        runs = _by_case(made)
        record["skipped_repeats"] = {
            case.id: effort.repeats - count
            for case in cases
            if 0 < (count := _repeats_made(runs.get(case.id, ()), effort)) < effort.repeats
            and _settled(case, runs, effort, policy)
        }
    if effort.confirm:
        record["confirm"] = effort.confirm
    return record


def _settled(case: Case, runs: Mapping[str, Sequence[CaseRun]], effort: Effort, policy: Policy) -> bool:
    """Whether no further repeat can change the case's verdict. A lost repeat leaves a pass open for ever."""
    repeats = effort.repeats
    verdicts = [repeat_verdict(case, run).verdict for run in runs.get(case.id, ()) if run.repeat < repeats]
    needed = needed_passes(policy.reducer(case.suite, case.repeats), repeats)
    passed, failed = verdicts.count("passed"), verdicts.count("failed")
    borne = repeats - needed + (1 if effort.confirm else 0)
    return failed > borne or (passed >= needed and "not_measured" not in verdicts)


def _doubtful(cases: Sequence[Case], made: Sequence[CaseRun], effort: Effort, policy: Policy) -> Iterator[Case]:
    """Cases whose failure would hold the release back, and that have not failed again so far."""
    runs = _by_case(made)
    for case in cases:
        own = runs.get(case.id, [])
        skipped = max(0, effort.repeats - _repeats_made(own, effort)) if effort.stop_early else 0
        decision = case_decision(
            case,
            [run for run in own if run.repeat < effort.repeats],
            repeats=effort.repeats,
            policy=policy,
            skipped=skipped,
        )
        again = [run for run in own if run.repeat >= effort.repeats]
        if decision.action in ("block", "override") and all(repeat_verdict(case, run).passed for run in again):
            yield case


def _repeats_made(runs: Sequence[CaseRun], effort: Effort) -> int:
    return len({run.repeat for run in runs if run.repeat < effort.repeats})


def _by_case(made: Sequence[CaseRun]) -> dict[str, list[CaseRun]]:
    runs: dict[str, list[CaseRun]] = {}
    for run in made:
        runs.setdefault(run.case_id, []).append(run)
    return runs
