"""What a reader should know beside a decision: what has moved on since the experiment, and what was not decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from otel_i2e.errors import DatasetError
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Case, Experiment
from otel_i2e.workflows.dataset_file import dataset_hash, parse_dataset, read_bytes

__all__ = ["is_stale", "moved_on", "not_decided", "other_commit"]


def is_stale(experiment: Experiment, commit: str | None) -> bool:
    """Whether it is of another commit than `commit`, changes on top of either aside. False where one is not known."""
    then, now = ((one or "").removesuffix("-dirty") for one in (experiment.commit, commit))
    return bool(then and now) and then != now


def other_commit(experiment: Experiment, commit: str | None) -> Iterator[str]:
    """That the working directory is at another commit, or has changes that the experiment's had not."""
    if None not in (experiment.commit, commit) and experiment.commit != commit:
        yield f"the experiment was made at commit {experiment.commit}, and the working directory is at {commit}"


def moved_on(experiment: Experiment) -> Iterator[str]:
    """That the dataset's file is another one. The decision is of what was evaluated, whatever lies there now."""
    path = experiment.metadata.get("dataset_path")
    if isinstance(path, str) and experiment.dataset_hash:
        yield from _changed(experiment, path)


def not_decided(experiment: Experiment, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Other datasets whose latest experiment no gate has decided; `rows` are summaries, the latest first."""
    latest = {row["dataset"]: row for row in reversed(rows)}
    waiting = [row for name, row in latest.items() if name != experiment.dataset and row["decision"] is None]
    if waiting:
        names = listed(f"{row['dataset']} ({row['experiment_id']})" for row in reversed(waiting))
        yield f"this decides {line(experiment.dataset, 80)} alone; not decided yet: {names}; i2e gate --dataset NAME"


def _changed(experiment: Experiment, path: str) -> Iterator[str]:
    shown = line(path, 200)
    try:
        lines, problems = parse_dataset(read_bytes(Path(path)), path)
    except DatasetError:
        yield f"the dataset file {shown} cannot be read any more; the decision is of the cases that were evaluated"
        return
    if problems:
        yield f"{shown} has changed since it was evaluated, and is not valid: {line(str(problems[0]))}"
    elif dataset_hash(one.case for one in lines) != experiment.dataset_hash:
        how = "; ".join(_how(experiment, {one.case.id: one.case for one in lines})) or "cases that were not selected"
        yield f"{shown} has changed since it was evaluated ({how}); the decision is of the cases as they were"


def _how(experiment: Experiment, now: Mapping[str, Case]) -> Iterator[str]:
    then = {case.id: case for case in experiment.cases}
    whole = experiment.metadata.get("dataset_cases") == len(then)
    found = {
        "new": [one for one in now if one not in then] if whole else [],
        "changed": [one for one in then if one in now and now[one] != then[one]],
        "gone": [one for one in then if one not in now],
    }
    yield from (f"{what}: {listed(ids)}" for what, ids in found.items() if ids)
