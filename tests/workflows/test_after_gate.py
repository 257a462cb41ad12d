"""What is said after a decision."""

from __future__ import annotations

from collections.abc import Callable

from otel_i2e.config import Settings
from otel_i2e.models import Experiment
from otel_i2e.workflows.after_gate import headline
from otel_i2e.workflows.gating import decide_gate


def test_a_stored_experiment_that_has_aged_says_so(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """A decision on yesterday's run does not look like one on today's."""
    keep(experiment("exp-1", minutes=-300, commit="abc"))
    assert headline(decide_gate(settings)) == "exp-1 on refunds, 5 h ago, commit abc, policy gate.toml"
