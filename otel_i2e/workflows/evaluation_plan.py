"""What an evaluation is going to do, settled before anything runs: which cases, what is measured of each, how often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from otel_i2e.capture import Recorder
from otel_i2e.config import Settings
from otel_i2e.errors import NotMeasured, UsageError
from otel_i2e.models import Case, Contract, JudgeSettings, Policy
from otel_i2e.score import Scorer, keep
from otel_i2e.workflows.dataset_file import CaseLine, parse_dataset, raise_all, read_bytes
from otel_i2e.workflows.dataset_scorers import dataset_scorers
from otel_i2e.workflows.revision import Revision
from otel_i2e.workflows.rounds import Effort
from otel_i2e.workflows.scorers import load_all, named
from otel_i2e.workflows.tasks import Task
from otel_i2e.workflows.verdicts import Memory

__all__ = ["Plan", "Selection", "checked", "selected"]


class Selection(Contract):
    """Which cases of a dataset are run; an empty field selects all. A case must match every field that is given."""

    cases: tuple[str, ...] = ()
    """Ids."""
    suites: tuple[str, ...] = ()
    """Suites."""
    tags: tuple[str, ...] = ()
    """Tags; one of them is enough."""
    priorities: tuple[str, ...] = ()
    """Priorities."""

    sample: float = 1.0
    """Part of the cases; the id decides, so that a smaller sample is within a larger one."""

    def takes(self, case: Case) -> bool:
        """Whether the case is selected."""
        return (
            (not self.cases or case.id in self.cases)
            and (not self.suites or case.suite in self.suites)
            and (not self.tags or not set(self.tags).isdisjoint(case.tags))
            and (not self.priorities or case.priority in self.priorities)
            and (self.sample == 1 or keep(sha256(case.id.encode()).hexdigest(), self.sample))
        )


class Plan(NamedTuple):
    """What is going to be done, settled before anything runs."""

    path: Path
    lines: list[CaseLine]
    chosen: list[CaseLine]
    scorers: dict[str, list[Scorer]]
    """By case id."""
    judge: JudgeSettings
    task: Task
    recorder: Recorder
    experiment_id: str
    began: datetime
    revision: Revision
    """Of the working directory, before the task was loaded."""
    effort: Effort
    policy: Policy
    without_judges: str | None
    """Why scorers that ask a judge are left out."""
    memory: Memory
    """Verdicts that are not asked for again."""
    record_verdicts: bool
    """Whether new ones go into the project's file."""
    concurrency: int
    timeout: float

    @property
    def cases(self) -> list[Case]:
        """The selected cases, in the dataset's order."""
        return [line.case for line in self.chosen]


def checked(
    settings: Settings, path: Path, selection: Selection, names: Sequence[str]
) -> tuple[list[CaseLine], dict[str, list[Scorer]]]:
    """The lines of the file, and by id what is measured of each selected case, each scorer once.

    DatasetError with everything that is wrong with the file's lines and the selected cases' scorers.
    """
    lines, problems = parse_dataset(read_bytes(path), str(path))
    loaded = load_all(settings)
    extra = named(names, loaded)
    chosen = [line for line in lines if selection.takes(line.case)]
    by_case, wrong = dataset_scorers(path, chosen, loaded)
    problems += wrong
    raise_all(path, [str(problem) for problem in sorted(problems, key=lambda one: one.line)])
    return lines, {name: list({one.name: one for one in [*own, *extra]}.values()) for name, own in by_case.items()}


def selected(path: Path, lines: Sequence[CaseLine], selection: Selection) -> list[CaseLine]:
    """The lines to run. UsageError for an id that the file does not have, NotMeasured when none is selected."""
    unknown = set(selection.cases) - {line.case.id for line in lines}
    if unknown:
        raise UsageError(f"{path} has no case {', '.join(repr(one) for one in sorted(unknown))}")
    chosen = [line for line in lines if selection.takes(line.case)]
    if not chosen:
        why = "it has no cases" if not lines else f"none of its {len(lines)} cases is selected"
        raise NotMeasured(f"nothing to run in {path}: {why}")
    return chosen
