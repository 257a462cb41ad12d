"""The gate on stored experiments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, NotFound, StoreError, UsageError
from otel_i2e.models import Attempt, Case, CaseRun, Experiment, JudgeStanding, Outcome, Policy, Score
from otel_i2e.store import Store
from otel_i2e.workflows.backtest import backtest
from otel_i2e.workflows.gating import (
    add_override,
    decide_gate,
    headline,
    list_experiments,
    list_overrides,
    preview,
)

NOW = datetime.now(UTC)


def _experiment(experiment_id: str, *, minutes: int = 0, passes: bool = False, **fields: Any) -> Experiment:
    """Three cases of each priority; the P0 passes, the others as `passes` says."""
    cases = [Case.model_validate({"id": p, "input": "x", "must": ["y"], "priority": p}) for p in ("P0", "P1", "P2")]
    return Experiment.model_validate(
        {
            "experiment_id": experiment_id,
            "dataset": "refunds",
            "dataset_hash": "0" * 12,
            "task": "app:answer",
            "repeats": 1,
            "created_at": NOW + timedelta(minutes=minutes),
            "cases": cases,
            "runs": [_run(case.id, passed=passes or case.id == "P0") for case in cases],
        }
        | fields
    )


def _run(case_id: str, *, passed: bool) -> CaseRun:
    score = Score(value=1.0 if passed else 0.0)
    attempt = Attempt(scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=score, passed=passed, threshold=1)
    return CaseRun(case_id=case_id, repeat=0, status="ok", attempts=(attempt,))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty store in the working directory, and a policy without a threshold for suites."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.toml").write_text("suite_threshold = 0.0\n")
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), policy=str(tmp_path / "gate.toml"))
    _store(settings)
    return settings


def _store(settings: Settings, *experiments: Experiment) -> None:
    with Store.of(settings).write() as writer:
        for experiment in experiments:
            writer.add_experiment(experiment)


def test_the_latest_experiment_is_decided_and_the_decision_kept(settings: Settings) -> None:
    """An id, a dataset, or the latest of all."""
    _store(settings, _experiment("exp-1", passes=True), _experiment("exp-2", minutes=1))
    assert decide_gate(settings).decision.experiment_id == "exp-2"
    assert decide_gate(settings).decision.verdict == "fail"
    assert decide_gate(settings, experiment="exp-1").decision.verdict == "pass"
    assert decide_gate(settings, dataset="refunds").decision.experiment_id == "exp-2"
    assert [(row["experiment_id"], row["decision"]) for row in list_experiments(settings)] == [
        ("exp-2", "fail"), ("exp-1", "pass"),
    ]  # fmt: skip


def test_without_an_experiment_there_is_no_decision(settings: Settings, tmp_path: Path) -> None:
    """One line that says how to make one; never a pass."""
    with pytest.raises(NotFound, match="i2e eval DATASET"):
        decide_gate(settings)
    with pytest.raises(NotFound, match="exp-9"):
        decide_gate(settings, experiment="exp-9")
    nowhere = Settings(store=str(tmp_path / "none.duckdb"))
    with pytest.raises(NotFound, match="i2e eval DATASET"):
        decide_gate(nowhere)
    with pytest.raises(StoreError, match="nothing is stored yet"):
        decide_gate(nowhere, experiment="exp-9")


def test_an_override_is_recorded_and_holds_for_its_experiment(settings: Settings) -> None:
    """The next decision knows it; the next experiment does not."""
    _store(settings, _experiment("exp-1"))
    decision = decide_gate(settings, override=["P1"], reason="known issue", by="ada").decision
    assert decision.verdict == "pass"
    assert "P1 P1 fails and is overridden by ada: known issue" in decision.reasons
    assert decide_gate(settings).decision.verdict == "pass"
    assert decide_gate(settings, override=["P1"], reason="again").decision.verdict == "pass"
    with Store.of(settings).read() as reader:
        assert [(one.case_id, one.by, one.reason) for one in reader.overrides("exp-1")] == [
            ("P1", "ada", "known issue")
        ]
    _store(settings, _experiment("exp-2", minutes=1))
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
    settings: Settings, case_id: str, reason: str | None, says: str
) -> None:
    """And nothing is recorded."""
    _store(settings, _experiment("exp-1"))
    with pytest.raises(UsageError, match=says):
        decide_gate(settings, override=["P1", case_id], reason=reason)
    with Store.of(settings).read() as reader:
        assert reader.overrides("exp-1") == []


def test_a_p0_cannot_be_overridden(settings: Settings) -> None:
    """Whoever asks."""
    _store(settings, _experiment("exp-1", runs=[_run("P0", passed=False)]))
    with pytest.raises(UsageError, match="P0 and blocks: it cannot be overridden"):
        decide_gate(settings, override=["P0"], reason="please")


def test_a_baseline_by_id_or_the_one_before(settings: Settings) -> None:
    """Of the same dataset."""
    other = _experiment("exp-9", minutes=1, dataset="other")
    _store(settings, _experiment("exp-1", passes=True), other, _experiment("exp-2", minutes=2))
    for name in ("exp-1", "latest"):
        decision = decide_gate(settings, experiment="exp-2", baseline=name).decision
        assert decision.baseline_id == "exp-1"
        assert [case.change for case in decision.cases] == ["still_passing", "regressed", "regressed"]
    with pytest.raises(NotFound, match="no experiment on 'refunds' before exp-1"):
        decide_gate(settings, experiment="exp-1", baseline="latest")


def test_the_latest_baseline_is_a_complete_one(settings: Settings) -> None:
    """Interrupted, of a part, broken, or without a run: each is passed over and said."""
    whole = {"dataset_cases": 3, "dataset_suites": {"fast": {"P0": 1, "P1": 1, "P2": 1}}}
    kept = _experiment("exp-1", passes=True, metadata=whole)
    part = kept.cases[:1]
    _store(
        settings,
        kept,
        _experiment("exp-2", minutes=1, passes=True, metadata={**whole, "interrupted": True}),
        _experiment("exp-3", minutes=2, metadata=whole, cases=part, runs=[_run("P0", passed=True)]),
        _experiment("exp-4", minutes=3, metadata=whole, runs=[_run("P0", passed=True), _run("P1", passed=True)]),
        _experiment("exp-5", minutes=4, metadata={"refused": "no such task"}, cases=[], runs=[]),
        _experiment("exp-6", minutes=5, metadata=whole),
    )
    gated = decide_gate(settings, experiment="exp-6", baseline="latest")
    assert gated.decision.baseline_id == "exp-1"
    assert gated.decision.reasons[-1].startswith("the baseline `latest` is exp-1, of ")
    assert gated.decision.reasons[-1].endswith(
        "passed over: exp-5 (nothing could run), exp-4 (not measured: P2), exp-3 (it left out P1, P2), "
        "exp-2 (it was interrupted)"
    )
    _store(settings, _experiment("exp-8", minutes=6, dataset="b", metadata={"interrupted": True}))
    _store(settings, _experiment("exp-9", minutes=7, dataset="b"))
    with pytest.raises(NotFound, match=r"no complete experiment .* before exp-9: exp-8 \(it was interrupted\)"):
        decide_gate(settings, experiment="exp-9", baseline="latest")


def test_what_failed_the_gate_is_no_baseline(settings: Settings) -> None:
    """Or the drop for which it was stopped would be gone when the same is evaluated again. `backtest` does the same."""
    for number, passes in enumerate((True, False, False, False)):
        _store(settings, _experiment(f"exp-{number}", minutes=number, passes=passes))
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


def test_a_baseline_that_failed_is_said_where_there_is_no_other(settings: Settings) -> None:
    """A project that never was green can see what it fixed."""
    _store(settings, _experiment("exp-0"), _experiment("exp-1", minutes=1))
    decide_gate(settings, experiment="exp-0")
    gated = decide_gate(settings, baseline="latest")
    assert gated.decision.baseline_id == "exp-0"
    assert "BUT it failed the gate, and no complete one before has passed it" in gated.notes[0]


def test_a_part_is_compared_with_the_same_part(settings: Settings) -> None:
    """And a case that neither measured, or that came later, makes no baseline incomplete."""
    sizes = {"dataset_cases": 2, "dataset_suites": {"fast": {"P0": 1, "P1": 1}}}
    first = _experiment("exp-1", passes=True)
    part: dict[str, Any] = {"cases": first.cases[:1], "runs": [_run("P0", passed=True)]}
    _store(
        settings,
        _experiment("exp-1", metadata=sizes, **part),
        _experiment("exp-2", minutes=1, metadata=sizes, **part),
        _experiment("exp-3", minutes=2, metadata=sizes, cases=first.cases[:2], runs=[_run("P0", passed=True)]),
        _experiment("exp-4", minutes=3, cases=first.cases, runs=[_run("P0", passed=True)]),
    )
    for name, baseline in (("exp-2", "exp-1"), ("exp-4", "exp-3")):
        assert decide_gate(settings, experiment=name, baseline="latest").decision.baseline_id == baseline


def test_a_pass_of_another_commit_is_none_of_this_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody measured what lies here: undecided, and it says why. A fail stays one, and a named one is decided."""
    _store(settings, _experiment("exp-1", passes=True, commit="a" * 12), _experiment("exp-2", minutes=1, dataset="red"))
    monkeypatch.setattr("otel_i2e.workflows.gating.commit_of", lambda: "b" * 12)
    gated = decide_gate(settings, dataset="refunds")
    assert gated.decision.verdict == "undecided"
    assert "which was not evaluated: i2e eval, or name the experiment" in gated.decision.reasons[0]
    assert [row["decision"] for row in list_experiments(settings, dataset="refunds")] == ["undecided"]
    assert decide_gate(settings, dataset="red").decision.verdict == "fail"
    named = decide_gate(settings, experiment="exp-1")
    assert named.decision.verdict == "pass"
    assert "the experiment was made at commit" in named.decision.reasons[-1]
    monkeypatch.setattr("otel_i2e.workflows.gating.commit_of", lambda: "a" * 12 + "-dirty")
    assert decide_gate(settings, dataset="refunds").decision.verdict == "pass"


def test_a_dataset_is_named_by_its_file_too(settings: Settings, tmp_path: Path) -> None:
    """As `i2e eval` takes it, whether the file is there or not."""
    _store(settings, _experiment("exp-1"), _experiment("exp-2", minutes=1, dataset="other"))
    for name in ("refunds", "refunds.jsonl", "evals/refunds.jsonl", str(tmp_path / "refunds.jsonl")):
        assert decide_gate(settings, dataset=name).decision.experiment_id == "exp-1"
        assert [row["experiment_id"] for row in list_experiments(settings, dataset=name)] == ["exp-1"]


def test_a_decision_says_which_rules_it_was_made_by(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file, a variable that named it, an option that changed it."""
    _store(settings, _experiment("exp-1"))
    (tmp_path / "other.toml").write_text("")

    def origin(**how: Any) -> str:
        return decide_gate(settings, **how).decision.policy_from

    assert origin() == "gate.toml"
    assert origin(policy="other.toml", fail_on="P0") == "other.toml, --fail-on P0"
    monkeypatch.setenv("I2E_POLICY", "gate.toml")
    assert origin() == "gate.toml (I2E_POLICY)"
    assert origin(policy="other.toml") == "other.toml"
    assert decide_gate(Settings(store=settings.store)).decision.policy_from == "built-in (I2E_POLICY)"


def test_a_policy_of_the_command_wins_over_the_settings(settings: Settings, tmp_path: Path) -> None:
    """An old experiment is decided anew without a model call."""
    _store(settings, _experiment("exp-1"))
    (tmp_path / "strict.toml").write_text('P2 = "block"\n')
    assert decide_gate(settings, policy="strict.toml").decision.policy.P2 == "block"
    (tmp_path / "bad.toml").write_text('\nP3 = "block"\n')
    with pytest.raises(ConfigError, match=r"bad.toml:2: 'P3' is not a policy"):
        decide_gate(settings, policy="bad.toml")
    with pytest.raises(ConfigError, match=r"cannot read policy 'gone.toml': No such file"):
        decide_gate(settings, policy="gone.toml")


def test_a_preview_records_nothing(settings: Settings) -> None:
    """What `i2e eval` shows is no decision."""
    experiment = _experiment("exp-1")
    _store(settings, experiment)
    assert preview(experiment, Policy()).verdict == "fail"
    assert list_experiments(settings)[0]["decision"] is None


def test_a_stored_experiment_that_has_aged_says_so(settings: Settings) -> None:
    """A decision on yesterday's run does not look like one on today's."""
    _store(settings, _experiment("exp-1", minutes=-300, commit="abc"))
    assert headline(decide_gate(settings)) == "exp-1 on refunds, 5 h ago, commit abc, policy gate.toml"


def test_trying_a_policy_spends_no_override(settings: Settings) -> None:
    """On an older experiment, or where the release is held back all the same; the decision that passes by it does."""
    _store(settings, _experiment("exp-1", commit="abc"), _experiment("exp-2", minutes=1, commit="abc"))
    add_override(settings, "P1", reason="known", by="ada")
    older = decide_gate(settings, experiment="exp-1")
    assert older.decision.verdict == "fail"
    assert older.notes[0].startswith("the override of P1 by ada is left for the latest experiment")
    Path("strict.toml").write_text("suite_threshold = 1.0\n")
    assert decide_gate(settings, policy="strict.toml").decision.verdict == "fail"
    assert list_overrides(settings)[0].spent_on is None
    assert decide_gate(settings).decision.verdict == "pass"
    assert list_overrides(settings)[0].spent_on == "exp-2"


def test_an_override_that_was_made_for_an_older_experiment_is_spent_on_it(settings: Settings) -> None:
    """By the decision that passes by it, which may be made again; the latest does not pass by it as well."""
    _store(settings, _experiment("exp-1", commit="abc"), _experiment("exp-2", minutes=1, commit="abc"))
    add_override(settings, "P1", reason="known", by="ada", experiment="exp-1")
    assert [decide_gate(settings, experiment="exp-1").decision.verdict for _ in range(2)] == ["pass"] * 2
    assert list_overrides(settings)[0].spent_on == "exp-1"
    assert decide_gate(settings).decision.verdict == "fail"


def test_an_override_is_used_once_on_its_commit(settings: Settings) -> None:
    """Recorded beforehand, spent by the first decision that needs it, and then no longer of use."""
    _store(settings, _experiment("exp-1", commit="abc"))
    made = add_override(settings, "P1", reason="known", by="ada", expires=timedelta(days=7))
    assert (made.commit, made.scorer_versions) == ("abc", {"s": "1"})
    _store(settings, _experiment("exp-2", minutes=1, commit="abc"))
    assert decide_gate(settings).decision.verdict == "pass"
    assert list_overrides(settings)[0].spent_on == "exp-2"
    assert decide_gate(settings).decision.verdict == "pass"
    _store(settings, _experiment("exp-3", minutes=2, commit="abc"))
    decision = decide_gate(settings).decision
    assert decision.verdict == "fail"
    assert "the override of P1 by ada does not count: it was spent on exp-2" in decision.reasons
    assert decide_gate(settings, experiment="exp-1").decision.verdict == "fail"


def test_judges_with_a_standing_block(settings: Settings) -> None:
    """The store says which identity may."""
    judged = _run("P0", passed=False)
    judged = judged.model_copy(update={"attempts": (judged.attempts[0].model_copy(update={"model": "claude-x"}),)})
    _store(settings, _experiment("exp-1", runs=[judged, _run("P1", passed=True), _run("P2", passed=True)]))
    assert decide_gate(settings).decision.cases[0].action == "override"
    with Store.of(settings).write() as writer:
        writer.add_standing(
            JudgeStanding(scorer="s", scorer_version="1", model="claude-x", may_block=True, created_at=NOW)
        )
    assert decide_gate(settings).decision.cases[0].action == "block"


def test_a_standing_that_came_with_the_project_counts(settings: Settings) -> None:
    """As in CI, where the store is new; for its identity and model, and no other."""
    judged = _run("P0", passed=False)
    judged = judged.model_copy(update={"attempts": (judged.attempts[0].model_copy(update={"model": "claude-x"}),)})
    _store(settings, _experiment("exp-1", runs=[judged, _run("P1", passed=True), _run("P2", passed=True)]))
    standing = JudgeStanding(scorer="s", scorer_version="1", model="claude-y", may_block=True, created_at=NOW)
    file = Path(settings.datasets) / "standings.jsonl"
    file.parent.mkdir(exist_ok=True)
    file.write_text(standing.model_dump_json())
    assert decide_gate(settings).decision.cases[0].action == "override"
    file.write_text(standing.model_copy(update={"model": "claude-x"}).model_dump_json())
    assert decide_gate(settings).decision.cases[0].action == "block"


def test_an_experiment_is_not_compared_with_itself(settings: Settings) -> None:
    """It would always be as good as before. An empty id is none: not the latest, and not the beginning of all."""
    _store(settings, _experiment("exp-1"))
    with pytest.raises(UsageError, match="exp-1 would be compared with itself"):
        decide_gate(settings, experiment="exp-1", baseline="exp")
    empties: list[dict[str, Any]] = [{"experiment": ""}, {"baseline": ""}]
    for empty in empties:
        with pytest.raises(NotFound, match="no experiment has the id ''"):
            decide_gate(settings, **empty)


def test_a_baseline_of_elsewhere_is_said(settings: Settings) -> None:
    """Of another dataset, and made later."""
    _store(settings, _experiment("exp-1"), _experiment("exp-2", minutes=1, dataset="returns"))
    reasons = decide_gate(settings, experiment="exp-1", baseline="exp-2").decision.reasons
    assert "the baseline is of another dataset, returns" in reasons
    assert "the baseline exp-2 was made after this experiment" in reasons


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE experiment_runs SET attempts = NULL", "runs.0.attempts"),
        ("UPDATE experiment_runs SET attempts = '{\"a\": 1}'", "runs.0.attempts"),
        ("UPDATE experiment_runs SET status = 'great'", "runs.0.status"),
        ("UPDATE experiments SET cases = '[{\"id\": 1}]'", "cases.0.id"),
        ("UPDATE experiments SET repeats = NULL", "repeats"),
        ("UPDATE experiments SET metadata = '3'", "metadata"),
    ],
)
def test_a_damaged_record_is_one_line_and_no_decision(settings: Settings, change: str, where: str) -> None:
    """Which experiment, where in it, and what to do."""
    _store(settings, _experiment("exp-1", passes=True))
    with duckdb.connect(str(settings.store_path)) as connection:
        connection.execute(change)
    with pytest.raises(StoreError, match=rf"the record of exp-1 does not validate at {where}: .*i2e eval$"):
        decide_gate(settings)
