"""A dataset that was evaluated in parts: the gate on the last one knows the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import CaseRun, Experiment
from otel_i2e.workflows.gating import decide_gate


@pytest.fixture
def part(experiment: Callable[..., Experiment], run: Callable[..., CaseRun]) -> Callable[..., Experiment]:
    """`part(id, case, minutes=…, passed=…)`: an experiment with one case, on one clean commit."""

    def made(experiment_id: str, case: str, *, minutes: int = 0, passed: bool = True, **fields: Any) -> Experiment:
        whole = experiment(experiment_id, minutes=minutes)
        return whole.model_copy(
            update={
                "cases": tuple(one for one in whole.cases if one.id == case),
                "runs": (run(case, passed=passed),),
                "commit": "abc",
                **fields,
            }
        )

    return made


def test_a_part_that_fails_and_was_not_decided(
    settings: Settings, keep: Callable[..., None], part: Callable[..., Experiment]
) -> None:
    """Undecided, with its name, until a gate decided on it or its cases were evaluated again."""
    keep(part("exp-1", "P0", passed=False), part("exp-2", "P1", minutes=1))
    decision = decide_gate(settings, dataset="refunds").decision
    assert decision.verdict == "undecided"
    assert "exp-1 evaluated 1 other case of refunds at the same commit, no gate decided on it" in decision.reasons[0]
    assert decide_gate(settings, experiment="exp-2").decision.verdict == "pass", "named: this one alone"
    assert decide_gate(settings, experiment="exp-1").decision.verdict == "fail"
    assert decide_gate(settings).decision.verdict == "pass"


def test_cases_that_were_evaluated_again(
    settings: Settings, keep: Callable[..., None], part: Callable[..., Experiment]
) -> None:
    """The later run of a case is the one that counts."""
    keep(part("exp-1", "P0", passed=False), part("exp-2", "P0", minutes=1), part("exp-3", "P1", minutes=2))
    assert decide_gate(settings).decision.verdict == "pass"


@pytest.mark.parametrize("other", [{"commit": "def"}, {"commit": "abc-dirty"}, {"dataset": "others"}])
def test_a_part_of_something_else(
    settings: Settings, keep: Callable[..., None], part: Callable[..., Experiment], other: dict[str, str]
) -> None:
    """Another commit, changes on top of one, another dataset: no part of this evaluation."""
    keep(part("exp-1", "P0", passed=False, **other), part("exp-2", "P1", minutes=1))
    assert decide_gate(settings, dataset="refunds").decision.verdict == "pass"


def test_a_part_that_passes(settings: Settings, keep: Callable[..., None], part: Callable[..., Experiment]) -> None:
    """It takes nothing away."""
    keep(part("exp-1", "P0"), part("exp-2", "P1", minutes=1))
    assert decide_gate(settings).decision.verdict == "pass"
