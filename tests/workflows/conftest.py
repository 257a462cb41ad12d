"""Stored experiments for the gate, in a line each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Attempt, Case, CaseRun, Experiment, Outcome, Score
from otel_i2e.store import Store


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty store in the working directory, and a policy without a threshold for suites."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.toml").write_text("suite_threshold = 0.0\n")
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), policy=str(tmp_path / "gate.toml"))
    _keep(settings)
    return settings


@pytest.fixture
def keep(settings: Settings) -> Callable[..., None]:
    """`keep(*experiments)` puts them into the store of `settings`."""

    def stored(*experiments: Experiment) -> None:
        _keep(settings, *experiments)

    return stored


def _keep(settings: Settings, *experiments: Experiment) -> None:
    with Store.of(settings).write() as writer:
        for experiment in experiments:
            writer.add_experiment(experiment)


@pytest.fixture
def run() -> Callable[..., CaseRun]:
    """`run("P0", passed=False)`: one run of a case, judged by one scorer."""
    return _run


@pytest.fixture
def experiment() -> Callable[..., Experiment]:
    """`experiment("exp-1", minutes=1, passes=True)`: a case of each priority; P0 passes, the others as `passes` says.

    `minutes` from now is when it was made; other fields are replaced.
    """
    now = datetime.now(UTC)

    def made(experiment_id: str, *, minutes: int = 0, passes: bool = False, **fields: Any) -> Experiment:
        cases = [Case.model_validate({"id": p, "input": "x", "must": ["y"], "priority": p}) for p in ("P0", "P1", "P2")]
        return Experiment.model_validate(
            {
                "experiment_id": experiment_id,
                "dataset": "refunds",
                "dataset_hash": "0" * 12,
                "task": "app:answer",
                "repeats": 1,
                "created_at": now + timedelta(minutes=minutes),
                "cases": cases,
                "runs": [_run(case.id, passed=passes or case.id == "P0") for case in cases],
            }
            | fields
        )

    return made


def _run(case_id: str, *, passed: bool) -> CaseRun:
    score = Score(value=1.0 if passed else 0.0)
    attempt = Attempt(scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=score, passed=passed, threshold=1)
    return CaseRun(case_id=case_id, repeat=0, status="ok", attempts=(attempt,))
