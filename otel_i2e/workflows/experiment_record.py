"""The record of an evaluation: everything that the gate decides on, and what a reader must know beside it."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError
from otel_i2e.models import Case, CaseRun, Experiment, Outcome
from otel_i2e.store import Store
from otel_i2e.workflows.datasets import dataset_hash
from otel_i2e.workflows.evaluation_notes import forget_begun
from otel_i2e.workflows.evaluation_plan import Plan
from otel_i2e.workflows.revision import commit_of, since
from otel_i2e.workflows.rounds import record_of

__all__ = ["experiment_of", "record_refusal"]

_VERSIONS: Final = ("otel-i2e", "anthropic", "opentelemetry-sdk")


def experiment_of(plan: Plan, runs: Sequence[CaseRun], *, interrupted: bool) -> Experiment:
    """The experiment; `runs` in any order."""
    runs = _in_order(runs, plan.cases)
    revision = since(plan.revision)
    return Experiment(
        experiment_id=plan.experiment_id,
        dataset=plan.path.stem,
        dataset_hash=dataset_hash(line.case for line in plan.lines),
        task=plan.task.name,
        repeats=plan.effort.repeats,
        commit=revision.commit,
        created_at=plan.began,
        cases=tuple(line.case for line in plan.chosen),
        runs=tuple(runs),
        metadata={
            "dataset_cases": len(plan.lines),
            "dataset_suites": _suites(line.case for line in plan.lines),
            "dataset_path": _from_here(plan.path),
            "lines": {line.case.id: line.number for line in plan.chosen},
            "scorers": {one.name: one.version for found in plan.scorers.values() for one in found},
            "concurrency": plan.concurrency,
            "timeout": plan.timeout,
            "versions": _versions(),
            **record_of(plan.cases, runs, plan.effort, plan.policy),
            **_left_out(plan, runs),
            **plan.memory.record(),
            **({"changes": [*revision.changes]} if revision.changes else {}),
            **({"interrupted": True} if interrupted else {}),
        },
    )


def record_refusal(
    settings: Settings, experiment_id: str, dataset: str, task: str, *, began: datetime, error: I2EError
) -> None:
    """An experiment in which nothing could run, so that no gate decides on the one before."""
    refused = Experiment(
        experiment_id=experiment_id,
        dataset=Path(dataset).stem,
        dataset_hash="",
        task=task,
        repeats=1,
        commit=commit_of(),
        created_at=began,
        cases=(),
        metadata={"refused": str(error)},
    )
    with (
        suppress(I2EError),
        Store.of(settings).write() as writer,
    ):  # the error that brought us here is the one to report
        writer.add_experiment(refused)
        forget_begun(settings, experiment_id, refused.dataset, began)


def _left_out(plan: Plan, runs: Sequence[CaseRun]) -> dict[str, Any]:
    """What a reader must know of judges that were not asked."""
    left = {run.case_id for run in runs if any(one.outcome is Outcome.LEFT_OUT for one in run.attempts)}
    why = plan.without_judges or plan.memory.refusal
    if why is None or not left:
        return {}
    return {"left_out": f"what a judge would say of {len(left)} of {len(plan.cases)} cases: {why}"}


def _suites(cases: Iterable[Case]) -> dict[str, dict[str, int]]:
    """Suite → priority → cases, selected or not: the gate must know what a selection left out."""
    sizes: dict[str, dict[str, int]] = {}
    for case in cases:
        suite = sizes.setdefault(case.suite, {})
        suite[case.priority] = suite.get(case.priority, 0) + 1
    return sizes


def _from_here(path: Path) -> str:
    """The path as a report in the repository needs it."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _in_order(runs: Sequence[CaseRun], cases: Sequence[Case]) -> list[CaseRun]:
    position: Mapping[str, int] = {case.id: index for index, case in enumerate(cases)}
    return sorted(runs, key=lambda run: (position[run.case_id], run.repeat))


def _versions() -> dict[str, Any]:
    found = {"python": platform.python_version()}
    for name in _VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
