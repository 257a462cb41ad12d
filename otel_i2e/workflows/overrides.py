"""Overrides: asked for by a person, bound to what that person saw, and owed until the case passes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from otel_i2e.config import Settings
from otel_i2e.errors import UsageError
from otel_i2e.gate import bound, decide, require_overridable
from otel_i2e.models import Decision, Experiment, Override
from otel_i2e.store import Store
from otel_i2e.workflows.author import author
from otel_i2e.workflows.datasets import dataset_name
from otel_i2e.workflows.evidence import gather
from otel_i2e.workflows.experiments import MOST_EXPERIMENTS
from otel_i2e.workflows.policy_file import read_policy
from otel_i2e.workflows.standing_file import known_standings

__all__ = ["add_override", "list_overrides", "new_overrides", "override_debt"]


def add_override(
    settings: Settings,
    case_id: str,
    *,
    reason: str,
    by: str | None = None,
    expires: timedelta | None = None,
    experiment: str | None = None,
    dataset: str | None = None,
    policy: str | None = None,
) -> Override:
    """Record an override of a failing case, for the next decision on the same commit, case and scorer versions.

    `expires` counts from now; None does not expire. Nothing is decided and nothing spent. Raises NotFound and
    UsageError when the experiment (default: the latest) has no such failure that may be overridden.
    """
    store = Store.of(settings)
    rules = read_policy(policy or settings.policy)
    found = gather(settings, experiment, dataset, rules)
    now = datetime.now(UTC)
    decision = found.decide(rules, now)
    fresh = new_overrides(decision, found.subject, [case_id], reason=reason, by=by, now=now, expires=expires)
    if not fresh:
        raise UsageError(f"case {case_id!r} is overridden already in {decision.experiment_id}")
    with store.write() as writer:
        writer.add_override(fresh[0])
    return fresh[0]


def list_overrides(settings: Settings, *, dataset: str | None = None) -> list[Override]:
    """Every override on record, spent or not, the latest first."""
    with Store.of(settings).read() as reader:
        return reader.overrides(dataset=dataset_name(dataset))[::-1]


def override_debt(settings: Settings, *, dataset: str | None = None) -> int:
    """How many fixes are owed: overrides, spent or not, of cases that do not pass in their dataset's latest run."""
    policy, now, dataset = read_policy(settings.policy), datetime.now(UTC), dataset_name(dataset)
    with Store.of(settings).read() as reader:
        names = {
            row["dataset"] for row in reader.experiments(limit=MOST_EXPERIMENTS) if dataset in (None, row["dataset"])
        }
        standings = known_standings(settings, reader)
        made = ((reader.experiment(dataset=name), reader.overrides(dataset=name)) for name in sorted(names))
        decided = (decide(latest, policy, None, found, standings=standings, now=now) for latest, found in made if found)
        return sum(decision.override_debt for decision in decided)


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
