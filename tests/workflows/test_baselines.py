"""What a decision is compared with: a baseline by its id, or the last complete one that passed the gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, UsageError
from otel_i2e.models import CaseRun, Experiment, Policy
from otel_i2e.workflows.backtest import backtest
from otel_i2e.workflows.gating import decide_gate


def test_a_baseline_by_id_or_the_one_before(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """Of the same dataset."""
    other = experiment("exp-9", minutes=1, dataset="other")
    keep(experiment("exp-1", passes=True), other, experiment("exp-2", minutes=2))
    for name in ("exp-1", "latest"):
        decision = decide_gate(settings, experiment="exp-2", baseline=name).decision
        assert decision.baseline_id == "exp-1"
        assert [case.change for case in decision.cases] == ["still_passing", "regressed", "regressed"]
    with pytest.raises(NotFound, match="no experiment on 'refunds' before exp-1"):
        decide_gate(settings, experiment="exp-1", baseline="latest")


def test_the_latest_baseline_is_a_complete_one(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment], run: Callable[..., CaseRun]
) -> None:
    """Interrupted, of a part, broken, or without a run: each is passed over and said."""
    whole = {"dataset_cases": 3, "dataset_suites": {"fast": {"P0": 1, "P1": 1, "P2": 1}}}
    kept = experiment("exp-1", passes=True, metadata=whole)
    part = kept.cases[:1]
    keep(
        kept,
        experiment("exp-2", minutes=1, passes=True, metadata={**whole, "interrupted": True}),
        experiment("exp-3", minutes=2, metadata=whole, cases=part, runs=[run("P0", passed=True)]),
        experiment("exp-4", minutes=3, metadata=whole, runs=[run("P0", passed=True), run("P1", passed=True)]),
        experiment("exp-5", minutes=4, metadata={"refused": "no such task"}, cases=[], runs=[]),
        experiment("exp-6", minutes=5, metadata=whole),
    )
    gated = decide_gate(settings, experiment="exp-6", baseline="latest")
    assert gated.decision.baseline_id == "exp-1"
    assert gated.decision.reasons[-1].startswith("the baseline `latest` is exp-1, of ")
    assert gated.decision.reasons[-1].endswith(
        "passed over: exp-5 (nothing could run), exp-4 (not measured: P2), exp-3 (it left out P1, P2), "
        "exp-2 (it was interrupted)"
    )
    keep(experiment("exp-8", minutes=6, dataset="b", metadata={"interrupted": True}))
    keep(experiment("exp-9", minutes=7, dataset="b"))
    with pytest.raises(NotFound, match=r"no complete experiment .* before exp-9: exp-8 \(it was interrupted\)"):
        decide_gate(settings, experiment="exp-9", baseline="latest")


def test_what_failed_the_gate_is_no_baseline(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """Or the drop for which it was stopped would be gone when the same is evaluated again. `backtest` does the same."""
    for number, passes in enumerate((True, False, False, False)):
        keep(experiment(f"exp-{number}", minutes=number, passes=passes))
    decide_gate(settings, experiment="exp-1")
    gated = decide_gate(settings, experiment="exp-2", baseline="latest")
    assert gated.decision.baseline_id == "exp-0"
    assert "BUT the gate was not asked, and no complete one before has passed it" in gated.notes[0]
    assert gated.notes[0].endswith("passed over: exp-1 (it failed the gate)")
    decide_gate(settings, experiment="exp-0")
    gated = decide_gate(settings, experiment="exp-3", baseline="latest")
    assert gated.decision.baseline_id == "exp-0"
    assert "BUT" not in gated.notes[0]
    assert [one.baseline_id for one in backtest(settings, Policy(), baseline=True)] == ["exp-0"] * 3 + [None]


def test_a_baseline_that_failed_is_said_where_there_is_no_other(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """A project that never was green can see what it fixed."""
    keep(experiment("exp-0"), experiment("exp-1", minutes=1))
    decide_gate(settings, experiment="exp-0")
    gated = decide_gate(settings, baseline="latest")
    assert gated.decision.baseline_id == "exp-0"
    assert "BUT it failed the gate, and no complete one before has passed it" in gated.notes[0]


def test_a_part_is_compared_with_the_same_part(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment], run: Callable[..., CaseRun]
) -> None:
    """And a case that neither measured, or that came later, makes no baseline incomplete."""
    sizes = {"dataset_cases": 2, "dataset_suites": {"fast": {"P0": 1, "P1": 1}}}
    first = experiment("exp-1", passes=True)
    part: dict[str, Any] = {"cases": first.cases[:1], "runs": [run("P0", passed=True)]}
    keep(
        experiment("exp-1", metadata=sizes, **part),
        experiment("exp-2", minutes=1, metadata=sizes, **part),
        experiment("exp-3", minutes=2, metadata=sizes, cases=first.cases[:2], runs=[run("P0", passed=True)]),
        experiment("exp-4", minutes=3, cases=first.cases, runs=[run("P0", passed=True)]),
    )
    for name, baseline in (("exp-2", "exp-1"), ("exp-4", "exp-3")):
        assert decide_gate(settings, experiment=name, baseline="latest").decision.baseline_id == baseline


def test_an_experiment_is_not_compared_with_itself(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """It would always be as good as before. An empty id is none: not the latest, and not the beginning of all."""
    keep(experiment("exp-1"))
    with pytest.raises(UsageError, match="exp-1 would be compared with itself"):
        decide_gate(settings, experiment="exp-1", baseline="exp")
    empties: list[dict[str, Any]] = [{"experiment": ""}, {"baseline": ""}]
    for empty in empties:
        with pytest.raises(NotFound, match="no experiment has the id ''"):
            decide_gate(settings, **empty)


def test_a_baseline_of_elsewhere_is_said(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """Of another dataset, and made later."""
    keep(experiment("exp-1"), experiment("exp-2", minutes=1, dataset="returns"))
    reasons = decide_gate(settings, experiment="exp-1", baseline="exp-2").decision.reasons
    assert "the baseline is of another dataset, returns" in reasons
    assert "the baseline exp-2 was made after this experiment" in reasons


def test_a_policy_that_was_only_tried_makes_no_baseline(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment], tmp_path: Path
) -> None:
    """What the project's own policy said last of an experiment counts, whatever others let through or stopped."""
    for number, passes in enumerate((True, False, False)):
        keep(experiment(f"exp-{number}", minutes=number, passes=passes))
    lax, strict = tmp_path / "lax.toml", tmp_path / "strict.toml"
    lax.write_text('P0 = "log"\nP1 = "log"\nsuite_threshold = 0.0\n')
    strict.write_text('required_suites = ["absent"]\n')
    assert decide_gate(settings, experiment="exp-0").decision.verdict == "pass"
    assert decide_gate(settings, experiment="exp-1").decision.verdict == "fail"
    assert decide_gate(settings, experiment="exp-1", policy=str(lax)).decision.verdict == "pass"
    assert decide_gate(settings, experiment="exp-0", policy=str(strict)).decision.verdict != "pass"
    assert decide_gate(settings, experiment="exp-2", baseline="latest").decision.baseline_id == "exp-0"
    gated = decide_gate(settings, experiment="exp-2", baseline="latest", policy=str(lax))
    assert gated.decision.baseline_id == "exp-1"
