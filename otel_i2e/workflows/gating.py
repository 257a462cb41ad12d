"""The gate at work: an experiment from the store, a policy file, overrides, a recorded decision, its reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from shlex import quote
from typing import Any, Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError, NotFound, UsageError
from otel_i2e.gate import decide
from otel_i2e.gate.reports import (
    COLUMNS,
    differences,
    grid,
    repeats,
    result,
    summary,
    workflow_commands,
    worst_first,
)
from otel_i2e.gate.wording import line
from otel_i2e.models import Contract, Decision, Experiment, JudgeStanding, Override, Policy, Priority
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.baselines import Baseline, last_passed
from otel_i2e.workflows.datasets import dataset_name
from otel_i2e.workflows.drift import drift_notes
from otel_i2e.workflows.failed_evaluation import failed_elsewhere, failed_since
from otel_i2e.workflows.gate_notes import is_stale, moved_on, not_decided, other_commit
from otel_i2e.workflows.new_overrides import new_overrides
from otel_i2e.workflows.policy_file import policy_origin, read_policy
from otel_i2e.workflows.revision import commit_of
from otel_i2e.workflows.standing_file import known_standings

__all__ = [
    "COLUMNS",
    "Gated",
    "add_override",
    "after_decision",
    "could_not_decide",
    "decide_gate",
    "differences",
    "grid",
    "headline",
    "line",
    "list_experiments",
    "list_overrides",
    "override_debt",
    "preview",
    "read_policy",
    "repeats",
    "result",
    "summary",
    "workflow_commands",
    "worst_first",
]

_MOST_LISTED: Final = 1000
"""Experiments among which other datasets are looked for."""


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
    store = Store.of(settings)
    found = _read(settings, experiment, dataset, baseline, rules)
    now = datetime.now(UTC)
    decision = found.decide(rules, now)
    fresh = new_overrides(decision, found.subject, override, reason=reason, by=by, now=now)
    if fresh:
        decision = found.decide(rules, now, fresh)
    beside = _notes(settings, found, now, chosen=experiment is not None, of_dataset=dataset is not None)
    notes = (*found.notes, *beside)
    decision = decision.model_copy(
        update={
            "policy_from": policy_origin(settings, policy, fail_on),
            "reasons": (*decision.reasons, *notes),
        }
    )
    if experiment is None:
        decision = _of_this_commit(decision, found.subject)
    if "unfinished" in found.subject.metadata:  # it may still be running: there is nothing to record of it yet
        return Gated(decision=decision, experiment=found.subject, baseline=found.before)
    with store.write() as writer:
        if "refused" in found.subject.metadata:
            writer.add_experiment(found.subject)
        for one in fresh:
            writer.add_override(one)
        kept = [one.override for one in decision.overrides if one.counts and one.override.override_id]
        kept = kept if decision.verdict == "pass" else []
        spent = [writer.spend_override(one.override_id, decision.experiment_id, now) for one in kept]
        if all(spent):
            writer.add_decision(decision)
    if not all(spent):  # another decision was faster: this one is made again without what that one used
        return decide_gate(
            settings, experiment=experiment, dataset=dataset, baseline=baseline, policy=policy, fail_on=fail_on
        )
    return Gated(decision=decision, experiment=found.subject, baseline=found.before, notes=notes)


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


def _notes(settings: Settings, found: _Found, now: datetime, *, chosen: bool, of_dataset: bool) -> tuple[str, ...]:
    """What a reader should know beside the decision on an experiment, that was chosen or is the latest."""
    commit = commit_of()
    moved = [] if not chosen and is_stale(found.subject, commit) else [*other_commit(found.subject, commit)]
    notes = [*moved, *moved_on(found.subject), *drift_notes(settings, now=now)]
    if not chosen and not of_dataset:
        notes += not_decided(found.subject, list_experiments(settings, limit=_MOST_LISTED))
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


class _Found(NamedTuple):
    """What the store knows that a decision is made on."""

    subject: Experiment
    before: Experiment | None
    overrides: list[Override]
    standings: list[JudgeStanding]
    notes: tuple[str, ...] = ()
    """What a reader should know of the choice."""
    elsewhere: tuple[str, ...] = ()
    """Other datasets that were to be evaluated and of which nothing is recorded."""

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


def _read(
    settings: Settings, experiment: str | None, dataset: str | None, baseline: str | None, policy: Policy
) -> _Found:
    store = Store.of(settings)
    if experiment is None and not store.exists():  # as in every fresh checkout whose first evaluation failed
        return _Found(_latest(settings, None, dataset), None, [], [])
    with store.read() as reader:
        subject = _latest(settings, reader, dataset) if experiment is None else reader.experiment(experiment)
        overrides, standings = reader.overrides(dataset=subject.dataset), known_standings(settings, reader)
        before = _baseline(reader, baseline, subject, policy, standings) if baseline is not None else None
        notes = [f"the baseline {before.note()}"] if before is not None and baseline == "latest" else []
        latest = _latest(settings, reader, subject.dataset) if experiment is not None else subject
        if latest.experiment_id != subject.experiment_id:
            overrides, passed_over = _made_for(subject, overrides)
            notes += passed_over
        asked = experiment is not None or dataset is not None
        elsewhere = () if asked else tuple(failed_elsewhere(settings, reader, subject))
        return _Found(subject, before.experiment if before else None, overrides, standings, tuple(notes), elsewhere)


def _made_for(subject: Experiment, overrides: Sequence[Override]) -> tuple[list[Override], list[str]]:
    """Of an older experiment: the overrides that count on it, and a line for each that waits for the latest.

    A decision on it tries a policy, or is a late one of a run of its own: neither may pass by what the latest will use.
    """
    name = subject.experiment_id
    own = [one for one in overrides if name in (one.experiment_id, one.spent_on)]
    waiting = [one for one in overrides if one not in own and one.spent_on is None and one.commit == subject.commit]
    return own, [
        f"the override of {line(one.case_id, 80)} by {line(one.by, 80)} is left for the latest experiment: on an older "
        f"one, only what was made for it counts (i2e override {_quoted(one.case_id)} --experiment {name})"
        for one in waiting
    ]


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
    found = _read(settings, experiment, dataset, None, rules)
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
        names = {row["dataset"] for row in reader.experiments(limit=10_000) if dataset in (None, row["dataset"])}
        standings = known_standings(settings, reader)
        made = ((reader.experiment(dataset=name), reader.overrides(dataset=name)) for name in sorted(names))
        decided = (decide(latest, policy, None, found, standings=standings, now=now) for latest, found in made if found)
        return sum(decision.override_debt for decision in decided)


def preview(experiment: Experiment, policy: Policy) -> Decision:
    """What the gate would say of an experiment; nothing is recorded."""
    return decide(experiment, policy, now=datetime.now(UTC))


def headline(gated: Gated) -> str:
    """Which experiment was decided on, how old it is, and of which version."""
    experiment = gated.experiment
    age = gated.decision.decided_at - experiment.created_at
    commit = f", commit {experiment.commit}" if experiment.commit else ""
    origin = gated.decision.policy_from
    policy = "" if origin in ("", "built-in") else f", policy {origin}"
    return f"{experiment.experiment_id} on {experiment.dataset}, {_ago(age)}{commit}{policy}"


def after_decision(gated: Gated) -> list[str]:
    """What to do next, a command each: look at the worst failure, let one pass, measure again. Quoted for a shell."""
    steps: list[str] = []
    cases = worst_first(gated.decision.cases)
    failed = next((case for case in cases if case.action in ("block", "override") and case.overridden is None), None)
    if failed is not None:
        steps.append(f"To see what it did: {_look_at(gated, failed.case_id)}")
    waiting = next((case for case in cases if case.action == "override" and case.overridden is None), None)
    if waiting is not None:
        steps.append(f"To let one pass once: i2e gate --override {_quoted(waiting.case_id)} --reason '…'")
    if gated.experiment.task and any(case.unmeasured for case in cases):
        steps.append(f"To measure again: i2e eval {_quoted(gated.experiment.dataset)} --task {gated.experiment.task}")
    return steps


def _look_at(gated: Gated, case_id: str) -> str:
    if gated.baseline is not None:
        ids = f"{gated.baseline.experiment_id} {gated.experiment.experiment_id}"
        return f"i2e compare {ids} --case {_quoted(case_id)}"
    traces = (run.trace_id for run in gated.experiment.runs if run.case_id == case_id and run.trace_id)
    return f"i2e trace {next(traces, '…')}"


def _quoted(text: str) -> str:
    """For a person to copy: it is from a dataset, and no command."""
    return quote(line(text, 200))


def list_experiments(settings: Settings, *, dataset: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
    """Summaries of the stored experiments, of one dataset or of all, the latest first."""
    dataset = dataset_name(dataset)
    with Store.of(settings).read() as reader:
        rows = reader.experiments(limit=limit if dataset is None else 10_000)
    return [row for row in rows if dataset in (None, row["dataset"])][:limit]


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"


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
    reader: Reader, baseline: str, subject: Experiment, policy: Policy, standings: Sequence[JudgeStanding]
) -> Baseline:
    if baseline == "latest":
        rows = reader.experiments(limit=10_000)
        return last_passed(reader, rows, subject, policy, standings)
    found = reader.experiment(baseline)
    if found.experiment_id == subject.experiment_id:
        raise UsageError(f"{found.experiment_id} would be compared with itself; name an earlier one, or `latest`")
    return Baseline(found)
