"""Which failures somebody may let through, and which overrides count."""

from __future__ import annotations

from collections.abc import Sequence

from otel_i2e.errors import NotFound, UsageError
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import CaseDecision, Decision, Override

__all__ = ["apply_overrides", "require_overridable"]


def apply_overrides(
    cases: Sequence[CaseDecision], overrides: Sequence[Override], experiment_id: str
) -> tuple[list[CaseDecision], list[str]]:
    """The cases with the overrides that count, and one line for each override that does not.

    An override counts for its own experiment and for a measured failure whose action is `override`.
    The latest for a case wins.
    """
    latest: dict[str, Override] = {}
    for override in sorted(overrides, key=lambda one: one.created_at):
        if override.experiment_id == experiment_id:
            latest[override.case_id] = override
    overridable = {case.case_id for case in cases if case.action == "override"}
    spent = [
        f"the override of {line(o.case_id, 80)} by {line(o.by, 80)} does not count: the case is not a failure "
        "that the policy lets anybody override"
        for o in latest.values()
        if o.case_id not in overridable
    ]
    decided = [
        case.model_copy(update={"overridden": latest[case.case_id]})
        if case.case_id in overridable and case.case_id in latest
        else case
        for case in cases
    ]
    return decided, spent


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
