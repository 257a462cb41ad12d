"""Experiments for the gate, in a line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from otel_i2e.models import Attempt, Case, CaseRun, Experiment, Outcome, Score

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Verdicts = Sequence[bool | None]


@pytest.fixture
def experiment() -> Callable[..., Experiment]:
    """`experiment({"a": [True, None]}, blocking=["a"])`: verdicts of each case's repeats; None is a broken scorer."""
    return make


def make(
    verdicts: Mapping[str, Verdicts],
    *,
    repeats: int | None = None,
    attempt: Mapping[str, Any] | None = None,
    case: Mapping[str, Mapping[str, Any]] | None = None,
    run: Mapping[str, Any] | None = None,
    blocking: Sequence[str] = (),
    **fields: Any,
) -> Experiment:
    """The experiment; `attempt`, `case` (by id) and `run` replace fields."""
    cases = [
        Case.model_validate(
            {"id": one, "input": "q", "must": ["y"], "priority": "P0" if one in blocking else "P2"}
            | dict((case or {}).get(one, {}))
        )
        for one in verdicts
    ]
    runs = [
        CaseRun.model_validate(
            {"case_id": one, "repeat": number, "status": "ok", "attempts": (_attempt(verdict, attempt or {}),)}
            | dict(run or {})
        )
        for one, found in verdicts.items()
        for number, verdict in enumerate(found)
    ]
    return Experiment.model_validate(
        {
            "experiment_id": "exp-1",
            "dataset": "refunds",
            "dataset_hash": "0" * 12,
            "task": "app:answer",
            "repeats": repeats or max((len(found) for found in verdicts.values()), default=1),
            "created_at": NOW,
            "cases": cases,
            "runs": runs,
        }
        | fields
    )


def _attempt(verdict: bool | None, fields: Mapping[str, Any]) -> Attempt:
    if verdict is None:
        return Attempt(scorer="s", scorer_version="1", outcome=Outcome.ERROR, error="no key")
    return Attempt.model_validate(
        {
            "scorer": "s",
            "scorer_version": "1",
            "outcome": Outcome.SCORED,
            "score": Score(value=float(verdict)),
            "passed": verdict,
            "threshold": 0.5,
        }
        | dict(fields)
    )
