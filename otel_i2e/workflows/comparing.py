"""Two experiments side by side: per case the verdicts, scores, answers, and the spans behind each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from otel_i2e.config import Settings
from otel_i2e.errors import UsageError
from otel_i2e.gate import decide
from otel_i2e.gate.comparison import first_repeats_only
from otel_i2e.models import (
    Case,
    CaseDecision,
    CaseRun,
    CaseVerdict,
    Change,
    Comparison,
    Contract,
    Experiment,
    JudgeStanding,
    Policy,
)
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.baselines import last_complete
from otel_i2e.workflows.experiments import MOST_EXPERIMENTS
from otel_i2e.workflows.standing_file import known_standings

__all__ = ["Compared", "ComparedCase", "Side", "compare_experiments"]


class Side(Contract):
    """One case in one experiment."""

    verdict: CaseVerdict
    """Over its repeats."""
    passed: int
    """Repeats that passed."""
    measured: int
    """Repeats that were measured."""
    several_models: bool = False
    """Whether several models answered for a judge of it: `passed` of `measured` is no rate then."""
    scores: dict[str, float]
    """Scorer → mean value over the repeats; one that ran in two versions, or whose judge was answered by two
    models, is two entries, `name@version` or `name@version by model`."""
    outputs: tuple[str | None, ...]
    """In order of the repeats."""
    spans: tuple[tuple[str | None, str | None], ...]
    """Trace and span id of each repeat."""


class ComparedCase(Contract):
    """One case in both."""

    case_id: str
    """The case."""
    change: Change
    """From A to B; `new` also when the case or a scorer of it changed, and then the two cannot be compared."""
    a: Side | None
    """None when A does not have it."""
    b: Side | None
    """None when B does not have it."""


class Compared(Contract):
    """Two experiments."""

    a: str
    """Id of the first, the baseline."""
    b: str
    """Id of the second."""
    cases: tuple[ComparedCase, ...]
    """In B's order, then those that only A has."""
    comparison: Comparison | None
    """The paired test over what can be compared; None when nothing can."""
    sensitivity: str
    """The smallest drop that the test could have noticed."""
    note: str = ""
    """Which experiment `latest` is, and what was passed over; that only the first repeats were compared."""


def compare_experiments(settings: Settings, a: str, b: str, policy: Policy) -> Compared:
    """Compare B with A, by ids or unique beginnings of them. NotFound when there is no such experiment.

    `latest` is the last complete experiment on the other's dataset; for A, the last before B.
    """
    with Store.of(settings).read() as reader:
        standings = known_standings(settings, reader)
        before, now, note = _pair(reader, a, b, policy, standings)
    when = datetime.now(UTC)
    then = {one.case_id: one for one in decide(before, policy, standings=standings, now=when).cases}
    decision = decide(now, policy, before, standings=standings, now=when)
    here = {one.case_id for one in decision.cases}
    cases = [
        ComparedCase(
            case_id=one.case_id,
            change=one.change,
            a=_side(then[one.case_id], before) if one.case_id in then else None,
            b=_side(one, now),
        )
        for one in decision.cases
    ]
    gone: list[Case] = [case for case in before.cases if case.id not in here]
    cases += [ComparedCase(case_id=one.id, change="none", a=_side(then[one.id], before), b=None) for one in gone]
    return Compared(
        a=before.experiment_id,
        b=now.experiment_id,
        cases=tuple(cases),
        comparison=decision.comparison,
        sensitivity=decision.sensitivity,
        note="; ".join(filter(None, (note, first_repeats_only(now, before)))),
    )


def _pair(
    reader: Reader, a: str, b: str, policy: Policy, standings: Sequence[JudgeStanding]
) -> tuple[Experiment, Experiment, str]:
    """Both, and which of them `latest` was."""
    if "latest" not in (a, b):
        return reader.experiment(a), reader.experiment(b), ""
    if a == b:
        raise UsageError("both cannot be `latest`; name one of the two experiments by its id, see i2e experiments")
    named = reader.experiment(b if a == "latest" else a)
    before = named.created_at if a == "latest" else None
    found = last_complete(reader, reader.experiments(limit=MOST_EXPERIMENTS), named, policy, standings, before=before)
    pair = (found.experiment, named) if a == "latest" else (named, found.experiment)
    return *pair, found.note()


def _side(decision: CaseDecision, experiment: Experiment) -> Side:
    made = (run for run in experiment.runs if run.case_id == decision.case_id)
    runs = [run for run in made if run.repeat < experiment.repeats]  # not those that confirmed a failure
    return Side(
        verdict=decision.verdict,
        passed=decision.passed_repeats,
        measured=decision.measured_repeats,
        several_models=decision.several_models,
        scores=_means(runs),
        outputs=tuple(run.output for run in runs),
        spans=tuple((run.trace_id, run.span_id) for run in runs),
    )


def _means(runs: Sequence[CaseRun]) -> dict[str, float]:
    values: dict[tuple[str, str, str | None], list[float]] = {}
    for run in runs:
        for one in run.attempts:
            if one.score is not None and one.score.value is not None:
                values.setdefault((one.scorer, one.scorer_version, one.model), []).append(one.score.value)
    names = [name for name, _, _ in values]
    versions = [key[:2] for key in values]
    return {
        _shown(*key, alone=names.count(key[0]) == 1, one_model=versions.count(key[:2]) == 1): sum(found) / len(found)
        for key, found in values.items()
    }


def _shown(name: str, version: str, model: str | None, *, alone: bool, one_model: bool) -> str:
    if alone:
        return name
    return f"{name}@{version}" if one_model else f"{name}@{version} by {model}"
