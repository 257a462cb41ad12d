"""A judge that two models answered for is two judges: nothing counts their verdicts together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from otel_i2e.gate import decide
from otel_i2e.gate.scorer_rates import scorer_remarks
from otel_i2e.models import CaseRun, Experiment, Policy

Make = Callable[..., Experiment]
NOW = datetime(2026, 11, 20, tzinfo=UTC)
POLICY = Policy.model_validate({"scorers": {"s": {"pass_rate": 0.5}}})


def _by(experiment: Experiment, **models: str | None) -> Experiment:
    """Case → the model that answers."""
    runs = [
        one.model_copy(
            update={"attempts": tuple(made.model_copy(update={"model": models[one.case_id]}) for made in one.attempts)}
        )
        for one in experiment.runs
    ]
    return experiment.model_copy(update={"runs": tuple[CaseRun, ...](runs)})


def test_a_rate_over_two_models_is_undecided(experiment: Make) -> None:
    """Whatever it would be; over one it is what it is."""
    ran = experiment({"a": [True], "b": [False]})
    (remark,) = scorer_remarks(_by(ran, a="m-1", b="m-2"), POLICY)
    assert (remark.effect, remark.text) == ("undecided", "scorer s was answered by 2 models: m-1, m-2; pin one")
    assert scorer_remarks(_by(ran, a="m-1", b="m-1"), POLICY) == []


def test_verdicts_of_another_model_are_not_compared_with_the_baseline(experiment: Make) -> None:
    """The same scorer version, another model behind it: the case is not compared."""
    policy = Policy(uncalibrated_judge="allow")
    before = _by(experiment({"a": [True], "b": [True]}, experiment_id="exp-0"), a="m-1", b="m-1")
    now = _by(experiment({"a": [False], "b": [False]}), a="m-2", b="m-1")
    decision = decide(now, policy, before, now=NOW)
    assert [(one.case_id, one.change) for one in decision.cases] == [("a", "new"), ("b", "regressed")]
    assert any("1 cases are not compared with the baseline" in note for note in decision.reasons)
