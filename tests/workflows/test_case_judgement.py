"""A test's verdict on one run of its case."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Attempt, Case, CaseRun, JudgeStanding, Outcome, Priority, Score
from otel_i2e.store import Store
from otel_i2e.workflows.case_judgement import judgement

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A project with an empty store."""
    made = Settings(store=str(tmp_path / "i2e.duckdb"), datasets=str(tmp_path), policy=str(tmp_path / "gate.toml"))
    with Store.of(made).write():
        Path(made.policy).write_text("")
    return made


def _check(*, passed: bool | None, name: str = "must: contains '30'") -> Attempt:
    if passed is None:
        return Attempt(scorer=name, scorer_version="1", outcome=Outcome.NOT_APPLICABLE)
    score = Score(value=float(passed), explanation="because")
    return Attempt(scorer=name, scorer_version="1", outcome=Outcome.SCORED, score=score, passed=passed, threshold=1.0)


def _judge(*, passed: bool) -> Attempt:
    made = _check(passed=passed, name="must: is polite")
    return made.model_copy(update={"judge": "must", "judge_version": "v1", "model": "m-1"})


def _case(*attempts: Attempt, priority: Priority = "P1") -> tuple[Case, CaseRun]:
    case = Case(id="a", input="Can I?", must=["y"] * len(attempts), priority=priority)
    return case, CaseRun(case_id="a", repeat=2, status="ok", attempts=attempts)


def test_what_may_block_passes_and_fails(settings: Settings) -> None:
    """A check in code: nothing to say, or everything that explains it."""
    assert judgement(settings, *_case(_check(passed=True))) == (None, None)
    said = judgement(settings, *_case(_check(passed=False)))
    assert said.fails
    assert (said.complaint or "").splitlines()[0] == "case a (P1), repeat 2, failed; trace None"
    assert "  - must: contains '30' failed: because" in (said.complaint or "")


@pytest.mark.parametrize("own", [True, False])
def test_how_many_repeats_must_pass_is_no_question_for_one(settings: Settings, own: bool) -> None:
    """`at_least(4)`, of the policy or of the case: each test is of one run, and this one passed."""
    case, run = _case(_check(passed=True))
    if own:
        case = case.model_copy(update={"repeats": "at_least(4)"})
    else:
        Path(settings.policy).write_text('repeats = "at_least(4)"\n')
    assert judgement(settings, case, run) == (None, None)
    assert judgement(settings, case, _case(_check(passed=False))[1]).fails


@pytest.mark.parametrize("passed", [True, False])
def test_a_shadow_fails_nothing_and_proves_nothing(settings: Settings, passed: bool) -> None:
    """A line says so, with the judge; a P0 case counts as P1."""
    said = judgement(settings, *_case(_judge(passed=passed), priority="P0"))
    assert not said.fails
    verb = "was passed" if passed else "is failed"
    begins = (
        f"case a (P0, which counts as P1) {verb} only by a judge without a valid calibration: must v1; i2e calibrate"
    )
    assert (said.shadow or "").startswith(begins)
    assert (said.complaint is None) is passed


def test_a_judge_with_a_valid_calibration_blocks(settings: Settings) -> None:
    """The standing is of its identity and model."""
    standing = JudgeStanding(scorer="must", scorer_version="v1", model="m-1", may_block=True, created_at=NOW)
    with Store.of(settings).write() as writer:
        writer.add_standing(standing)
    said = judgement(settings, *_case(_judge(passed=False)))
    assert (said.fails, said.shadow) == (True, None)
    other = _judge(passed=False).model_copy(update={"model": "m-2"})
    assert not judgement(settings, *_case(other)).fails


def test_a_failing_check_fails_beside_a_shadow(settings: Settings) -> None:
    """And what a check in code passes is no shadow's word."""
    assert judgement(settings, *_case(_check(passed=False), _judge(passed=False))).fails
    assert judgement(settings, *_case(_check(passed=True), _judge(passed=True))).shadow is None
    assert judgement(settings, *_case(_check(passed=True), _judge(passed=False))).shadow is not None


@pytest.mark.parametrize(("policy", "fails"), [("undecided", True), ("allow", True), ("demote", False)])
def test_the_policy_says_what_a_shadow_may_do(settings: Settings, policy: str, fails: bool) -> None:
    """To a P0 case: not measured, blocked, or reported."""
    Path(settings.policy).write_text(f'uncalibrated_judge = "{policy}"\n')
    said = judgement(settings, *_case(_judge(passed=False), priority="P0"))
    assert said.fails is fails
    assert ("could not be measured" in (said.complaint or "")) is (policy == "undecided")


def test_a_demand_that_does_not_apply_was_not_measured(settings: Settings) -> None:
    """As the gate has it."""
    said = judgement(settings, *_case(_check(passed=True), _check(passed=None, name="must: language 'de'")))
    assert said.fails
    assert "must: language 'de' does not apply, so it measured nothing" in (said.complaint or "")
