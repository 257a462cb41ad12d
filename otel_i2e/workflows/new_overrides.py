"""New overrides: asked for by a person, bound to what that person saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from otel_i2e.errors import UsageError
from otel_i2e.gate import bound, require_overridable
from otel_i2e.models import Decision, Experiment, Override
from otel_i2e.workflows.author import author

__all__ = ["new_overrides"]


def new_overrides(
    decision: Decision,
    experiment: Experiment,
    case_ids: Sequence[str],
    *,
    reason: str | None,
    by: str | None,
    now: datetime,
    expires: timedelta | None = None,
) -> list[Override]:
    """One override for each failing case; a case that is overridden already needs none.

    Raises UsageError without a reason, and NotFound or UsageError for a case that may not be overridden.
    """
    if case_ids and not (reason and reason.strip()):
        raise UsageError("an override needs a reason: give it with --reason")
    cases = [require_overridable(decision, case_id) for case_id in dict.fromkeys(case_ids)]
    made = [
        Override(
            override_id=f"ovr-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:6]}",
            experiment_id=decision.experiment_id,
            case_id=case.case_id,
            reason=reason or "",
            by=author(by),
            created_at=now,
            expires_at=now + expires if expires is not None else None,
        )
        for case in cases
        if case.overridden is None
    ]
    by_id = {case.case_id: case for case in cases}
    return [bound(one, by_id[one.case_id], experiment) for one in made]
