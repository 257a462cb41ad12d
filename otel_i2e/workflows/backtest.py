"""Which past experiments would a policy have stopped? Every stored one, decided again, and nothing recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from otel_i2e.config import Settings
from otel_i2e.errors import NotFound
from otel_i2e.gate import decide
from otel_i2e.models import Contract, Experiment, GateVerdict, JudgeStanding, Policy
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.baselines import best_baseline
from otel_i2e.workflows.datasets import dataset_name
from otel_i2e.workflows.experiments import MOST_EXPERIMENTS
from otel_i2e.workflows.standing_file import known_standings

__all__ = ["Backtested", "backtest"]


class Backtested(Contract):
    """One past experiment under the policy."""

    experiment_id: str
    """The experiment."""
    created_at: datetime
    """UTC."""
    dataset: str
    """The dataset."""
    commit: str | None
    """The version of the application."""
    cases: int
    """Cases in it."""
    baseline_id: str | None
    """What it was compared with."""
    recorded: str | None
    """The gate's last word then; None when it was never asked."""
    verdict: GateVerdict
    """What this policy says."""
    reason: str
    """The first reason; empty for a clean pass."""


def backtest(
    settings: Settings, policy: Policy, *, dataset: str | None = None, limit: int = 100, baseline: bool = False
) -> list[Backtested]:
    """The latest `limit` experiments under `policy`, the latest first; no model is called and nothing recorded.

    `baseline` compares each with the last complete one before it on the same dataset that passed the gate then.
    Overrides count where they were used.
    """
    dataset = dataset_name(dataset)
    with Store.of(settings).read() as reader:
        rows = [row for row in reader.experiments(limit=MOST_EXPERIMENTS) if dataset in (None, row["dataset"])]
        standings = known_standings(settings, reader)
        return [_decided(reader, row, rows if baseline else (), policy, standings) for row in rows[:limit]]


def _decided(
    reader: Reader,
    row: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    policy: Policy,
    standings: Sequence[JudgeStanding],
) -> Backtested:
    experiment = reader.experiment(row["experiment_id"])
    then = _before(reader, rows, experiment, policy, standings)
    of_dataset = reader.overrides(dataset=experiment.dataset)
    used = [one for one in of_dataset if one.spent_on == experiment.experiment_id]
    when = min((one.created_at for one in used), default=experiment.created_at)  # none had expired when it was used
    decision = decide(experiment, policy, then, used, standings=standings, now=when)
    return Backtested(
        experiment_id=experiment.experiment_id,
        created_at=experiment.created_at,
        dataset=experiment.dataset,
        commit=experiment.commit,
        cases=len(experiment.cases),
        baseline_id=decision.baseline_id,
        recorded=row["decision"],
        verdict=decision.verdict,
        reason=decision.reasons[0] if decision.reasons else "",
    )


def _before(
    reader: Reader,
    rows: Sequence[Mapping[str, Any]],
    experiment: Experiment,
    policy: Policy,
    standings: Sequence[JudgeStanding],
) -> Experiment | None:
    try:
        return best_baseline(reader, rows, experiment, policy, standings).experiment
    except NotFound:
        return None
