"""No record, however broken, and no policy, however lax, makes a pass of what was not measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from hypothesis import event, given, settings
from hypothesis import strategies as st

from otel_i2e.gate import decide
from otel_i2e.models import Attempt, CaseRun, Experiment, Outcome, Policy, Score

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_STATUSES: Final[Sequence[Literal["ok", "task_error", "no_span"]]] = ("ok", "ok", "ok", "task_error", "no_span")
_NO_VERDICT = [outcome for outcome in Outcome if outcome is not Outcome.SCORED]


def _attempt(passed: bool | None) -> Attempt:
    score = Score(value=0.5 if passed is None else float(passed))
    return Attempt(scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=score, passed=passed, threshold=1.0)


_ATTEMPTS = st.one_of(
    st.just(_attempt(passed=True)),
    st.sampled_from([_attempt(passed=False), _attempt(passed=None)]),
    st.sampled_from(_NO_VERDICT).map(lambda outcome: Attempt(scorer="s", scorer_version="1", outcome=outcome)),
)


@st.composite
def _runs(draw: st.DrawFn, case_id: str, repeats: int) -> list[CaseRun]:
    made: list[CaseRun] = []
    for repeat in draw(st.lists(st.integers(0, repeats), max_size=repeats + 1)):
        status = draw(st.sampled_from(_STATUSES))
        attempts = draw(st.lists(_ATTEMPTS, max_size=2)) if status == "ok" else []
        made.append(CaseRun(case_id=case_id, repeat=repeat, status=status, attempts=tuple(attempts)))
    return made


@st.composite
def _whole(draw: st.DrawFn, case_id: str, repeats: int) -> list[CaseRun]:
    passed = (_attempt(passed=draw(st.integers(0, 4)) > 0),)
    return [CaseRun(case_id=case_id, repeat=at, status="ok", attempts=passed) for at in range(repeats)]


@st.composite
def _experiments(draw: st.DrawFn) -> Experiment:
    repeats = draw(st.integers(0, 3))
    ids = [f"c{number}" for number in range(draw(st.integers(0, 4)))]
    cases = [
        {
            "id": case_id,
            "input": "q",
            "must": draw(st.sampled_from([["y"], ["y"], ["y"], []])),
            "priority": draw(st.sampled_from(["P0", "P1", "P2"])),
            "suite": draw(st.sampled_from(["fast", "safety"])),
        }
        for case_id in ids
    ]
    broken = draw(st.booleans())
    runs = [run for case_id in ids for run in draw((_runs if broken else _whole)(case_id, repeats))]
    metadata: dict[str, Any] = {}
    if draw(st.booleans()):
        metadata["skipped_repeats"] = {case_id: draw(st.integers(0, 3)) for case_id in ids}
    if draw(st.booleans()):
        metadata["confirm"] = draw(st.integers(1, 2))
    return Experiment.model_validate(
        {
            "experiment_id": "exp-1",
            "dataset": "refunds",
            "dataset_hash": "0" * 12,
            "task": "app:answer",
            "repeats": repeats,
            "created_at": NOW,
            "cases": cases,
            "runs": runs,
            "metadata": metadata,
        }
    )


_POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "P0": st.sampled_from(["block", "override", "warn", "log"]),
        "P1": st.sampled_from(["override", "log"]),
        "repeats": st.sampled_from(["all", "any", "at_least(2)", "mean", "mean(0.8)"]),
        "suite_threshold": st.sampled_from([0.0, 0.5, 1.0]),
        "min_coverage": st.sampled_from([0.0, 0.3, 0.9, 1.0]),
        "max_errors": st.sampled_from([0, 1, 1000]),
        "required_suites": st.sampled_from([[], ["safety"]]),
        "unconfirmed": st.sampled_from(["block", "warn", "log"]),
        "latency_p95_ms": st.just(100.0),
    },
).map(Policy.model_validate)


@settings(max_examples=200)
@given(_experiments(), _POLICIES)
def test_a_pass_was_measured(experiment: Experiment, policy: Policy) -> None:
    """Some verdict was given, every P0 case is measured in full, no gap is without leave, nothing stands that fails."""
    decision = decide(experiment, policy, now=NOW)
    event(decision.verdict)
    if decision.verdict != "pass":
        assert decision.reasons
        return
    verdicts = [one.passed for run in experiment.runs for one in run.attempts if one.outcome is Outcome.SCORED]
    assert any(verdict is not None for verdict in verdicts)
    assert all(not case.unmeasured for case in decision.cases if case.priority == "P0" or policy.min_coverage == 1)
    full = sum(not case.unmeasured for case in decision.cases)
    assert full >= max(1, policy.min_coverage * len(decision.cases))
    assert not any(case.action in ("block", "override") for case in decision.cases)
    assert decision.sensitivity
    assert {case.suite for case in decision.cases} >= set(policy.required_suites)


@settings(max_examples=150)
@given(_experiments(), _POLICIES, st.data())
def test_what_is_taken_from_a_record_never_makes_it_pass(
    experiment: Experiment, policy: Policy, data: st.DataObject
) -> None:
    """A run that is lost, a scorer that breaks instead: no decision gets better of it, and a pass does not survive."""
    strict = policy.model_copy(update={"min_coverage": 1.0})
    if not experiment.runs:
        return
    at = data.draw(st.integers(0, len(experiment.runs) - 1))
    runs = list(experiment.runs)
    lost = experiment.model_copy(update={"runs": tuple(runs[:at] + runs[at + 1 :])})
    error = Attempt(scorer="s", scorer_version="1", outcome=Outcome.ERROR, error="429")
    runs[at] = runs[at].model_copy(update={"attempts": (error,)})
    broke = experiment.model_copy(update={"runs": tuple(runs)})
    if not experiment.metadata:
        assert decide(lost, strict, now=NOW).verdict != "pass" or _is_spare(experiment, at)
    assert decide(broke, strict, now=NOW).verdict != "pass" or _confirms(experiment, at)


def _is_spare(experiment: Experiment, at: int) -> bool:
    """Whether the run is one that the record should not have: its repeat is there twice, or was not asked for."""
    run = experiment.runs[at]
    return (run.case_id, run.repeat) in {(one.case_id, one.repeat) for one in experiment.runs[:at]} | {
        (one.case_id, one.repeat) for one in experiment.runs[at + 1 :]
    } or run.repeat >= experiment.repeats


def _confirms(experiment: Experiment, at: int) -> bool:
    return bool(experiment.metadata.get("confirm")) and experiment.runs[at].repeat >= experiment.repeats
