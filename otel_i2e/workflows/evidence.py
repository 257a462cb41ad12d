"""What a decision of the gate is made on: an experiment, its baseline, overrides, and the standing of its judges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, UsageError
from otel_i2e.gate import decide
from otel_i2e.gate.wording import line, quoted
from otel_i2e.models import Decision, Experiment, JudgeStanding, Override, Policy
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.baselines import Baseline, best_baseline
from otel_i2e.workflows.datasets import dataset_name
from otel_i2e.workflows.experiments import MOST_EXPERIMENTS
from otel_i2e.workflows.failed_evaluation import failed_elsewhere, failed_since
from otel_i2e.workflows.other_parts import undecided_parts
from otel_i2e.workflows.standing_file import known_standings

__all__ = ["Evidence", "gather"]


class Evidence(NamedTuple):
    """What the store knows that a decision is made on."""

    subject: Experiment
    before: Experiment | None
    overrides: list[Override]
    standings: list[JudgeStanding]
    notes: tuple[str, ...] = ()
    """What a reader should know of the choice."""
    elsewhere: tuple[str, ...] = ()
    """Other datasets that were to be evaluated and of which nothing is recorded, and parts that no gate decided on."""

    def decide(self, policy: Policy, now: datetime, fresh: Sequence[Override] = ()) -> Decision:
        """The decision."""
        overrides = [*self.overrides, *fresh]
        return decide(
            self.subject,
            policy,
            self.before,
            overrides,
            standings=self.standings,
            elsewhere=self.elsewhere,
            now=now,
        )


def gather(
    settings: Settings,
    experiment: str | None,
    dataset: str | None,
    policy: Policy,
    *,
    baseline: str | None = None,
    policy_from: str | None = None,
) -> Evidence:
    """What is stored of an experiment (default: the latest, of `dataset` where it is named) and of its `baseline`.

    Whether `latest` passed the gate is what was last decided by the rules of `policy_from`, where it was: a policy that
    was only tried makes no baseline, and takes none away. Raises NotFound without one, UsageError where it would be
    compared with itself.
    """
    store = Store.of(settings)
    if experiment is None and not store.exists():  # as in every fresh checkout whose first evaluation failed
        return Evidence(_latest(settings, None, dataset), None, [], [])
    with store.read() as reader:
        subject = _latest(settings, reader, dataset) if experiment is None else reader.experiment(experiment)
        overrides, standings = reader.overrides(dataset=subject.dataset), known_standings(settings, reader)
        before = _baseline(reader, baseline, subject, policy, standings, policy_from=policy_from)
        notes = [f"the baseline {before.note()}"] if before is not None and baseline == "latest" else []
        latest = _latest(settings, reader, subject.dataset) if experiment is not None else subject
        if latest.experiment_id != subject.experiment_id:
            overrides, passed_over = _made_for(subject, overrides)
            notes += passed_over
        elsewhere: list[str] = []
        if experiment is None:
            rows = reader.experiments(limit=MOST_EXPERIMENTS)
            elsewhere += undecided_parts(reader, rows, subject, policy, overrides=overrides, standings=standings)
            elsewhere += failed_elsewhere(settings, reader, subject) if dataset is None else ()
        found = before.experiment if before else None
        return Evidence(subject, found, overrides, standings, tuple(notes), tuple(elsewhere))


def _latest(settings: Settings, reader: Reader | None, dataset: str | None) -> Experiment:
    """The latest experiment, or what an evaluation after it left that recorded nothing."""
    dataset = dataset_name(dataset)
    try:
        latest = reader.experiment(dataset=dataset) if reader is not None else None
    except NotFound:
        latest = None
    found = failed_since(settings, dataset, latest) or latest
    if found is None:
        of = f" of dataset {dataset!r}" if dataset else ""
        raise NotFound(f"there is no experiment{of}; i2e eval DATASET --task module:function makes one")
    return found


def _baseline(
    reader: Reader,
    baseline: str | None,
    subject: Experiment,
    policy: Policy,
    standings: Sequence[JudgeStanding],
    *,
    policy_from: str | None,
) -> Baseline | None:
    if baseline is None:
        return None
    if baseline == "latest":
        rows = reader.experiments(limit=MOST_EXPERIMENTS, policy_from=policy_from)
        return best_baseline(reader, rows, subject, policy, standings)
    found = reader.experiment(baseline)
    if found.experiment_id == subject.experiment_id:
        raise UsageError(f"{found.experiment_id} would be compared with itself; name an earlier one, or `latest`")
    return Baseline(found)


def _made_for(subject: Experiment, overrides: Sequence[Override]) -> tuple[list[Override], list[str]]:
    """Of an older experiment: the overrides that count on it, and a line for each that waits for the latest.

    A decision on it tries a policy, or is a late one of a run of its own: neither may pass by what the latest will use.
    """
    name = subject.experiment_id
    own = [one for one in overrides if name in (one.experiment_id, one.spent_on)]
    waiting = [one for one in overrides if one not in own and one.spent_on is None and one.commit == subject.commit]
    return own, [
        f"the override of {line(one.case_id, 80)} by {line(one.by, 80)} is left for the latest experiment: on an older "
        f"one, only what was made for it counts (i2e override {quoted(one.case_id)} --experiment {name})"
        for one in waiting
    ]
