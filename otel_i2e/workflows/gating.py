"""The gate at work: an experiment from the store, a policy file, overrides, a recorded decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError
from otel_i2e.gate import decide
from otel_i2e.models import Contract, Decision, Experiment, Override, Policy, Priority
from otel_i2e.store import Store
from otel_i2e.workflows.datasets import dataset_name
from otel_i2e.workflows.drift import drift_notes
from otel_i2e.workflows.evidence import Evidence, gather
from otel_i2e.workflows.experiments import MOST_EXPERIMENTS, list_experiments
from otel_i2e.workflows.gate_notes import is_stale, moved_on, not_decided, other_commit
from otel_i2e.workflows.overrides import new_overrides
from otel_i2e.workflows.policy_file import policy_origin, read_policy
from otel_i2e.workflows.revision import commit_of

__all__ = ["Gated", "could_not_decide", "decide_gate", "preview"]


class Gated(Contract):
    """A decision with what it was made on."""

    decision: Decision
    """What the gate says."""
    experiment: Experiment
    """What it says it of."""
    baseline: Experiment | None = None
    """What it was compared with."""
    notes: tuple[str, ...] = ()
    """Those of its reasons that nothing measured: which baseline it was, what has moved on, what was not decided."""


def decide_gate(
    settings: Settings,
    *,
    experiment: str | None = None,
    dataset: str | None = None,
    baseline: str | None = None,
    policy: str | None = None,
    fail_on: Priority | None = None,
    override: Sequence[str] = (),
    reason: str | None = None,
    by: str | None = None,
) -> Gated:
    """Decide on a stored experiment (default: the latest) and record the decision. No model is called.

    `dataset` is a name or a file. `baseline` is an experiment's id, or `latest` for the last complete one before on the
    same dataset that passed the gate. `fail_on` is the lowest priority whose failing cases fail the run, whatever the
    policy says of priorities. `override` names failing cases to let through, with a `reason`; each is recorded. Raises
    NotFound without an experiment, ConfigError for a policy file, UsageError for an override that is not possible.
    """
    rules = read_policy(policy or settings.policy).failing_on(fail_on)
    origin = policy_origin(settings, policy, fail_on)
    found = gather(settings, experiment, dataset, rules, baseline=baseline, policy_from=origin)
    now = datetime.now(UTC)
    decision = found.decide(rules, now)
    fresh = new_overrides(decision, found.subject, override, reason=reason, by=by, now=now)
    if fresh:
        decision = found.decide(rules, now, fresh)
    beside = _notes(settings, found, now, chosen=experiment is not None, of_dataset=dataset is not None)
    notes = (*found.notes, *beside)
    decision = decision.model_copy(
        update={
            "policy_from": origin,
            "reasons": (*decision.reasons, *notes),
        }
    )
    if experiment is None:
        decision = _of_this_commit(decision, found.subject)
    if "unfinished" in found.subject.metadata:  # it may still be running: there is nothing to record of it yet
        return Gated(decision=decision, experiment=found.subject, baseline=found.before)
    if not _recorded(settings, decision, found.subject, fresh, now):  # made again without what the faster one used
        return decide_gate(
            settings, experiment=experiment, dataset=dataset, baseline=baseline, policy=policy, fail_on=fail_on
        )
    return Gated(decision=decision, experiment=found.subject, baseline=found.before, notes=notes)


def _recorded(
    settings: Settings, decision: Decision, subject: Experiment, fresh: Sequence[Override], now: datetime
) -> bool:
    """Record a decision with what it uses; False, and no decision, when another one was faster to use an override."""
    with Store.of(settings).write() as writer:
        if "refused" in subject.metadata:
            writer.add_experiment(subject)
        for one in fresh:
            writer.add_override(one)
        kept = [one.override for one in decision.overrides if one.counts and one.override.override_id]
        kept = kept if decision.verdict == "pass" else []
        spent = [writer.spend_override(one.override_id, decision.experiment_id, now) for one in kept]
        if all(spent):
            writer.add_decision(decision)
    return all(spent)


def could_not_decide(dataset: str | None, error: I2EError) -> Gated:
    """What the reports say where `decide_gate` raised: nothing was decided, and why. Nothing is recorded of it."""
    now = datetime.now(UTC)
    nothing = Experiment(
        experiment_id="none",
        dataset=dataset_name(dataset) or "",
        dataset_hash="",
        task="",
        repeats=1,
        created_at=now,
        cases=(),
        metadata={"refused": str(error)},
    )
    decision = decide(nothing, Policy(), now=now)
    return Gated(decision=decision.model_copy(update={"reasons": (str(error),)}), experiment=nothing)


def preview(experiment: Experiment, policy: Policy) -> Decision:
    """What the gate would say of an experiment; nothing is recorded."""
    return decide(experiment, policy, now=datetime.now(UTC))


def _notes(settings: Settings, found: Evidence, now: datetime, *, chosen: bool, of_dataset: bool) -> tuple[str, ...]:
    """What a reader should know beside the decision on an experiment, that was chosen or is the latest."""
    commit = commit_of()
    moved = [] if not chosen and is_stale(found.subject, commit) else [*other_commit(found.subject, commit)]
    notes = [*moved, *moved_on(found.subject), *drift_notes(settings, now=now)]
    if not chosen and not of_dataset:
        notes += not_decided(found.subject, list_experiments(settings, limit=MOST_EXPERIMENTS))
    return tuple(notes)


def _of_this_commit(decision: Decision, experiment: Experiment) -> Decision:
    """A pass of another commit is none of this one: that was not measured."""
    commit = commit_of()
    if not is_stale(experiment, commit):
        return decision
    said = (
        f"the latest experiment was made at commit {experiment.commit}, and the working directory is at {commit}, "
        "which was not evaluated: i2e eval, or name the experiment with --experiment"
    )
    verdict = "undecided" if decision.verdict == "pass" else decision.verdict
    return decision.model_copy(update={"verdict": verdict, "reasons": (said, *decision.reasons)})
