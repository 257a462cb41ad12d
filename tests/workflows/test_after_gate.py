"""What is said after a decision."""

from __future__ import annotations

from collections.abc import Callable

from otel_i2e.config import Settings
from otel_i2e.models import Experiment
from otel_i2e.workflows.after_gate import after_decision, headline
from otel_i2e.workflows.gating import decide_gate


def test_a_stored_experiment_that_has_aged_says_so(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """A decision on yesterday's run does not look like one on today's."""
    keep(experiment("exp-1", minutes=-300, commit="abc"))
    assert headline(decide_gate(settings)) == "exp-1 on refunds, 5 h ago, commit abc, policy gate.toml"


def test_measuring_again_runs_each_case_as_often(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """Otherwise the same rule would lack repeats once more."""
    keep(experiment("exp-1", repeats=3))
    assert "To measure again: i2e eval refunds --task app:answer --repeat 3" in after_decision(decide_gate(settings))
