"""Which failures somebody may let through, and which overrides count.

An override is bound to what its author saw: the commit, the case as it was, and the versions of the
scorers that failed. It counts once, for the first experiment that uses it, and until it expires.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from otel_i2e.errors import NotFound, UsageError
from otel_i2e.gate.changes import test_hash_parts
from otel_i2e.gate.remark import Remark
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Case, CaseDecision, Decision, Experiment, Override, OverrideState

__all__ = ["apply_overrides", "bound", "case_hash", "override_remarks", "require_overridable"]


def case_hash(case: Case) -> str:
    """12 hex digits of what a case asks and checks."""
    return hashlib.sha256(json.dumps(test_hash_parts(case), sort_keys=True, default=str).encode()).hexdigest()[:12]


def bound(override: Override, decision: CaseDecision, experiment: Experiment) -> Override:
    """The override, bound to the commit, the case and the scorers that failed."""
    case = next(case for case in experiment.cases if case.id == decision.case_id)
    return override.model_copy(
        update={
            "commit": experiment.commit,
            "case_hash": case_hash(case),
            "scorer_versions": dict(decision.failed_scorers),
        }
    )


def apply_overrides(
    cases: Sequence[CaseDecision], overrides: Sequence[Override], experiment: Experiment, now: datetime
) -> tuple[list[CaseDecision], list[OverrideState]]:
    """The cases with the overrides that count, and each override of a case of this experiment with its state.

    Overrides of cases that pass are settled: they are left out, unless they were made for this experiment. Of several
    that count for a case the latest is used, so that the others stay unspent.
    """
    hashes = {case.id: case_hash(case) for case in experiment.cases}
    by_id = {case.case_id: case for case in cases}
    used: dict[str, Override] = {}
    states: list[OverrideState] = []
    for override in sorted(overrides, key=lambda one: one.created_at, reverse=True):
        case = by_id.get(override.case_id)
        if case is None or (case.verdict == "passed" and override.experiment_id != experiment.experiment_id):
            continue
        why = _why_not(override, case, hashes[case.case_id], experiment, now)
        if not why and case.case_id in used:
            why = "a later override of the case is used"
        if not why:
            used[case.case_id] = override
        states.append(OverrideState(override=override, counts=not why, why=why))
    decided = [
        case.model_copy(update={"overridden": used[case.case_id]}) if case.case_id in used else case for case in cases
    ]
    return decided, states[::-1]


def override_remarks(states: Sequence[OverrideState], cases: Sequence[CaseDecision]) -> list[Remark]:
    """Overrides that do not count, and how many fixes are owed."""
    said = [
        Remark(
            "note",
            f"the override of {line(state.override.case_id, 80)} by {line(state.override.by, 80)} does not count: "
            f"{state.why}",
        )
        for state in states
        if not state.counts
    ]
    owed = debt(states, cases)
    if owed > 1:
        said.append(Remark("note", f"override debt: {owed} overrides of cases that still do not pass"))
    return said


def debt(states: Sequence[OverrideState], cases: Sequence[CaseDecision]) -> int:
    """Overrides, used or not, of cases that do not pass now."""
    failing = {case.case_id for case in cases if case.verdict != "passed"}
    return sum(state.override.case_id in failing for state in states)


def require_overridable(decision: Decision, case_id: str) -> CaseDecision:
    """The failing case that `case_id` names.

    Raises NotFound or UsageError, in one line that says why, when it may not be overridden.
    """
    case = next((case for case in decision.cases if case.case_id == case_id), None)
    if case is None:
        candidates = [one.case_id for one in decision.cases if one.action == "override"]
        hint = f"; these can be overridden: {listed(candidates)}" if candidates else ""
        raise NotFound(f"no case {case_id!r} in experiment {decision.experiment_id}{hint}")
    if case.verdict == "passed":
        raise UsageError(f"case {case_id!r} passed in {decision.experiment_id}: there is nothing to override")
    if case.verdict == "not_measured":
        raise UsageError(
            f"case {case_id!r} could not be measured, and only a measured failure can be overridden: run it again"
        )
    if case.action == "block":
        raise UsageError(f"case {case_id!r} is {case.priority} and blocks: it cannot be overridden; fix what it found")
    if case.action != "override":
        raise UsageError(
            f"case {case_id!r} is {case.priority}, which does not fail the run: there is nothing to override"
        )
    return case


def _why_not(override: Override, case: CaseDecision, now_hash: str, experiment: Experiment, now: datetime) -> str:
    """Why an override does not count for the case; empty when it does."""
    mismatch = _mismatch(override, case.failed_scorers, now_hash, experiment)
    if mismatch:
        return mismatch
    if override.expires_at is not None and override.expires_at <= now:
        return f"it expired on {override.expires_at:%Y-%m-%d %H:%M} UTC"
    if case.action != "override":
        return "the case is not a failure that the policy lets anybody override"
    return ""


def _named(experiment: Experiment) -> str:
    """Its commit, with what is not in it."""
    changes: Any = experiment.metadata.get("changes")
    said = f" ({listed(map(str, changes))})" if isinstance(changes, list) and changes else ""  # pyright: ignore[reportUnknownArgumentType] -- JSON
    return f"{experiment.commit or 'no commit'}{said}"


def _mismatch(override: Override, failed: Mapping[str, str], now_hash: str, experiment: Experiment) -> str:
    if override.spent_on not in (None, experiment.experiment_id):
        return f"it was spent on {override.spent_on}"
    if override.experiment_id != experiment.experiment_id:
        if override.commit is None or override.commit.endswith("-dirty"):
            return f"it is for experiment {override.experiment_id} alone, which was of no clean commit"
        if override.commit != experiment.commit:
            return f"it is for commit {override.commit}, and this is {_named(experiment)}"
    if override.case_hash not in (None, now_hash):
        return "the case has changed since"
    bound_to = override.scorer_versions
    others = [name for name, version in failed.items() if bound_to and bound_to.get(name) != version]
    return f"it does not cover the failure by {listed(f'{name} {failed[name]}' for name in others)}" if others else ""
