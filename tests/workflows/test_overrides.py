"""Overrides: who may let what through, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import UsageError
from otel_i2e.models import CaseRun, Experiment
from otel_i2e.store import Store
from otel_i2e.workflows.gating import decide_gate
from otel_i2e.workflows.overrides import add_override, list_overrides


@pytest.fixture
def one_experiment(keep: Callable[..., None], experiment: Callable[..., Experiment]) -> Experiment:
    """Stored: P1 and P2 fail."""
    made = experiment("exp-1")
    keep(made)
    return made


def test_an_override_is_recorded_and_holds_for_itsexperiment(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """The next decision knows it; the next experiment does not."""
    keep(experiment("exp-1"))
    decision = decide_gate(settings, override=["P1"], reason="known issue", by="ada").decision
    assert decision.verdict == "pass"
    assert "P1 P1 fails and is overridden by ada: known issue" in decision.reasons
    assert decide_gate(settings).decision.verdict == "pass"
    assert decide_gate(settings, override=["P1"], reason="again").decision.verdict == "pass"
    with Store.of(settings).read() as reader:
        assert [(one.case_id, one.by, one.reason) for one in reader.overrides("exp-1")] == [
            ("P1", "ada", "known issue")
        ]
    keep(experiment("exp-2", minutes=1))
    assert decide_gate(settings).decision.verdict == "fail"


@pytest.mark.parametrize(
    ("case_id", "reason", "says"),
    [
        ("P0", "x", "passed in exp-1"),
        ("P2", "x", "does not fail the run"),
        ("gone", "x", "no case 'gone'"),
        ("P1", None, "needs a reason"),
        ("P1", " ", "needs a reason"),
    ],
)
def test_an_override_that_is_not_possible_is_refused(
    settings: Settings, case_id: str, reason: str | None, says: str, one_experiment: Experiment
) -> None:
    """And nothing is recorded."""
    with pytest.raises(UsageError, match=says):
        decide_gate(settings, override=["P1", case_id], reason=reason)
    with Store.of(settings).read() as reader:
        assert reader.overrides(one_experiment.experiment_id) == []


def test_a_p0_cannot_be_overridden(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment], run: Callable[..., CaseRun]
) -> None:
    """Whoever asks."""
    keep(experiment("exp-1", runs=[run("P0", passed=False)]))
    with pytest.raises(UsageError, match="P0 and blocks: it cannot be overridden"):
        decide_gate(settings, override=["P0"], reason="please")


def test_trying_a_policy_spends_no_override(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """On an older experiment, or where the release is held back all the same; the decision that passes by it does."""
    keep(experiment("exp-1", commit="abc"), experiment("exp-2", minutes=1, commit="abc"))
    add_override(settings, "P1", reason="known", by="ada")
    older = decide_gate(settings, experiment="exp-1")
    assert older.decision.verdict == "fail"
    assert older.notes[0].startswith("the override of P1 by ada is left for the latest experiment")
    Path("strict.toml").write_text("suite_threshold = 1.0\n")
    assert decide_gate(settings, policy="strict.toml").decision.verdict == "fail"
    assert list_overrides(settings)[0].spent_on is None
    assert decide_gate(settings).decision.verdict == "pass"
    assert list_overrides(settings)[0].spent_on == "exp-2"


def test_an_override_that_was_made_for_an_older_experiment_is_spent_on_it(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """By the decision that passes by it, which may be made again; the latest does not pass by it as well."""
    keep(experiment("exp-1", commit="abc"), experiment("exp-2", minutes=1, commit="abc"))
    add_override(settings, "P1", reason="known", by="ada", experiment="exp-1")
    assert [decide_gate(settings, experiment="exp-1").decision.verdict for _ in range(2)] == ["pass"] * 2
    assert list_overrides(settings)[0].spent_on == "exp-1"
    assert decide_gate(settings).decision.verdict == "fail"


def test_an_override_is_used_once_on_its_commit(
    settings: Settings, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """Recorded beforehand, spent by the first decision that needs it, and then no longer of use."""
    keep(experiment("exp-1", commit="abc"))
    made = add_override(settings, "P1", reason="known", by="ada", expires=timedelta(days=7))
    assert (made.commit, made.scorer_versions) == ("abc", {"s": "1"})
    keep(experiment("exp-2", minutes=1, commit="abc"))
    assert decide_gate(settings).decision.verdict == "pass"
    assert list_overrides(settings)[0].spent_on == "exp-2"
    assert decide_gate(settings).decision.verdict == "pass"
    keep(experiment("exp-3", minutes=2, commit="abc"))
    decision = decide_gate(settings).decision
    assert decision.verdict == "fail"
    assert "the override of P1 by ada does not count: it was spent on exp-2" in decision.reasons
    assert decide_gate(settings, experiment="exp-1").decision.verdict == "fail"
