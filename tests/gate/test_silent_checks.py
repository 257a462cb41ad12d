"""Checks that gave no verdict beside others that did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Experiment, Outcome, Score

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Make = Callable[..., Experiment]
SILENT = {"outcome": Outcome.NOT_APPLICABLE, "score": None, "passed": None, "threshold": None}
NUMBER = {"score": Score(value=0.0), "passed": None, "threshold": None}


def _beside(run: Experiment, **attempt: Any) -> Experiment:
    """Every run is scored by one more."""
    runs = [
        one.model_copy(update={"attempts": (*one.attempts, one.attempts[0].model_copy(update=attempt))})
        for one in run.runs
    ]
    return run.model_copy(update={"runs": tuple(runs)})


@pytest.mark.parametrize(
    ("name", "attempt", "says"),
    [
        ("must: similarity", SILENT, "must: similarity does not apply (a, b)"),
        ("must_not: regex", SILENT, "must_not: regex does not apply (a, b)"),
        ("equals", SILENT, "equals does not apply (a)"),
        ("equals", NUMBER, "equals has no threshold (a)"),
        ("asked for all cases", NUMBER, ""),
        ("must: similarity", {}, ""),
    ],
)
def test_what_a_case_asks_and_nobody_answered_is_said(
    experiment: Make, name: str, attempt: dict[str, Any], says: str
) -> None:
    """The case passes by its other checks; that this one said nothing must not be hidden."""
    run = experiment({"a": [True], "b": [True]}, case={"a": {"scorers": ["equals"] if name == "equals" else []}})
    decision = decide(_beside(run, scorer=name, **attempt), now=NOW)
    assert decision.verdict == "pass"
    said = [f"checks that gave no verdict, in cases that passed by others: {says}"] if says else []
    assert list(decision.reasons) == said
