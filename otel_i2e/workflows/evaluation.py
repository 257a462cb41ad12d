"""Evaluation: a task over the cases of a dataset, traced like production, scored like production, recorded once.

    cases × repeats ──► task, under recording ──► spool ──► store ──► the same scorers ──► experiment

Ctrl-C stops the runs; what had finished is scored and recorded, and the rest is missing in the record, so
that the gate cannot pass it. Ctrl-C while scoring records nothing; the spans are in the store all the same.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from uuid import uuid4

from opentelemetry import trace

from otel_i2e.capture import Recorder, install, recorder
from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, I2EError, NotMeasured, UsageError
from otel_i2e.models import Case, CaseRun, Contract, Experiment, JudgeSettings, Outcome, Policy
from otel_i2e.score import Scorer
from otel_i2e.semconv import I2E_SCOPE
from otel_i2e.store import Store
from otel_i2e.workflows.case_runs import Planned, Ran, run_cases
from otel_i2e.workflows.dataset_file import CaseLine, Problem, parse_dataset, raise_all, read_bytes
from otel_i2e.workflows.datasets import dataset_hash, dataset_path
from otel_i2e.workflows.experiment_scoring import Scored, score_runs
from otel_i2e.workflows.ingest import drain
from otel_i2e.workflows.revision import commit_of
from otel_i2e.workflows.rounds import Effort, next_round, record_of
from otel_i2e.workflows.score_events import emit_scores
from otel_i2e.workflows.scorers import case_scorers, judge_settings, load_all, named
from otel_i2e.workflows.tasks import Task, load_task
from otel_i2e.workflows.verdict_file import verdicts_path, write_verdicts
from otel_i2e.workflows.verdicts import Memory, recall

__all__ = ["Progress", "Selection", "evaluate", "memory_of", "recording"]

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Called with the stage (`run`, `score`), how much of it is done, and how much there is."""
_FLUSH_SECONDS: Final = 30.0
_DRAIN_SECONDS: Final = 60.0
_DRAIN_SLICE: Final = 2.0
_VERSIONS: Final = ("otel-i2e", "anthropic", "opentelemetry-sdk")


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

    def takes(self, case: Case) -> bool:
        """Whether the case is selected."""
        return (
            (not self.cases or case.id in self.cases)
            and (not self.suites or case.suite in self.suites)
            and (not self.tags or not set(self.tags).isdisjoint(case.tags))
            and (not self.priorities or case.priority in self.priorities)
        )


class _Plan(NamedTuple):
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


def evaluate(
    settings: Settings,
    dataset: str,
    task: str,
    *,
    repeat: int = 1,
    concurrency: int = 4,
    timeout: float = 120.0,
    scorers: Sequence[str] = (),
    selection: Selection | None = None,
    stop_early: bool = False,
    confirm: int = 0,
    without_judges: bool | None = None,
    cache: bool = True,
    record_verdicts: bool = False,
    policy: Policy | None = None,
    on_progress: Progress = lambda _stage, _done, _total: None,
) -> Experiment:
    """Run `task` (`module:function`) `repeat` times over the cases, score the spans, and store the experiment.

    `dataset` is a name or a path, `scorers` are applied to every case beside its own, `timeout` is in seconds for
    one run. `stop_early` leaves out repeats that cannot change a case's verdict under `policy`; `confirm` runs a case
    that holds the release back up to so many times more. `without_judges` leaves out scorers that ask a judge; None
    does so when there is no key, but for verdicts that are on record. With `cache` a verdict on exactly the same
    request is used again, but for repeats; `record_verdicts` adds what was used to the project's file. What a task, a
    scorer or a judge does is recorded, not raised. Raises UsageError and its kind for what was asked for wrongly,
    before anything runs; NotMeasured when no case is selected. Then an experiment without cases is recorded, so that
    no gate decides on the one before.
    """
    now = datetime.now(UTC)
    experiment_id = f"exp-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"
    try:
        path = dataset_path(settings, dataset)
        selection = selection or Selection()
        lines, by_case = _checked(settings, path, selection, scorers)
        chosen = _selected(path, lines, selection)
        recording, called = _prepared(settings, task)
        for _, case in chosen:
            called.arguments(case)
    except (UsageError, NotMeasured) as error:
        _record_refusal(settings, experiment_id, dataset, task, began=now, error=error)
        raise
    plan = _Plan(
        path=path,
        lines=lines,
        chosen=chosen,
        scorers=by_case,
        judge=judge_settings(settings),
        task=called,
        recorder=recording,
        experiment_id=experiment_id,
        began=now,
        effort=Effort(repeat, stop_early=stop_early, confirm=confirm),
        policy=policy or Policy(),
        without_judges="judges were left out (--without-judges)" if without_judges else None,
        memory=memory_of(settings, by_case, without_judges, cache=cache),
        record_verdicts=record_verdicts,
        concurrency=concurrency,
        timeout=timeout,
    )
    return _carried_out(settings, plan, on_progress)


def _record_refusal(
    settings: Settings, experiment_id: str, dataset: str, task: str, *, began: datetime, error: I2EError
) -> None:
    """An experiment in which nothing could run. A first one needs no such record: there is none to fall back on."""
    store = Store.of(settings)
    if not store.exists():
        return
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
    with suppress(I2EError), store.write() as writer:  # the error that brought us here is the one to report
        writer.add_experiment(refused)


def _carried_out(settings: Settings, plan: _Plan, on_progress: Progress) -> Experiment:
    with Store.of(settings).write():
        pass  # a store that cannot be written is found out before model calls are paid for
    found, interrupted = Scored([], [], []), False
    rounds = 0
    while not interrupted and (planned := next_round(plan.cases, found.runs, plan.effort, plan.policy, number=rounds)):
        ran, interrupted = _run(plan, planned, on_progress)
        plan.recorder.flush(_FLUSH_SECONDS)
        _take_in(settings, plan.experiment_id, len(found.runs) + len(ran))
        _extend(found, _score(settings, plan, ran, on_progress))
        rounds = max(rounds, planned[0].repeat if plan.effort.stop_early else 0) + 1
    experiment = _experiment(plan, _in_order(found.runs, plan.cases), interrupted=interrupted)
    scored = found
    with Store.of(settings).write() as writer:
        writer.add_experiment(experiment)
        writer.add_scores(scored.scores)
        writer.add_ledger(scored.ledger)
        writer.add_verdicts([*plan.memory.fresh.values()])
    if plan.record_verdicts:
        used = {**plan.memory.replayed, **plan.memory.fresh}
        write_verdicts(verdicts_path(settings), used.values())
    emit_scores(scored.scores)
    plan.recorder.flush(_FLUSH_SECONDS)
    drain(settings, _DRAIN_SLICE)  # our own events, where the application sends them nowhere else
    return experiment


def _score(settings: Settings, plan: _Plan, ran: Sequence[Ran], on_progress: Progress) -> Scored:
    attempts = sum(len(plan.scorers[one.case.id]) for one in ran if one.error is None)
    return score_runs(
        settings,
        plan.experiment_id,
        ran,
        plan.scorers,
        judge=plan.judge,
        memory=plan.memory,
        without_judges=plan.without_judges,
        on_scored=_count(on_progress, attempts),
    )


def _extend(found: Scored, more: Scored) -> None:
    for all_of_them, new in zip(found, more, strict=True):
        all_of_them.extend(new)  # pyright: ignore[reportArgumentType, reportUnknownMemberType] -- field by field of one type


def memory_of(
    settings: Settings, scorers: Mapping[str, Sequence[Scorer]], left_out: bool | None, *, cache: bool
) -> Memory:
    """The verdicts on record. Credentials are looked for only where a judge would be asked."""
    if left_out or not any(one.needs_judge for found in scorers.values() for one in found):
        return Memory()
    return recall(settings, cache=cache, refusal=_refusal(left_out))


def _refusal(left_out: bool | None) -> str | None:
    """Why a judge cannot be asked; None when it can, or when it is to be tried all the same."""
    if left_out is False:
        return None
    from otel_i2e.judge import NO_KEY, has_credentials  # the SDK is heavy

    return None if has_credentials() else NO_KEY


def _left_out(plan: _Plan, runs: Sequence[CaseRun]) -> dict[str, Any]:
    """What a reader must know of judges that were not asked."""
    left = {run.case_id for run in runs if any(one.outcome is Outcome.LEFT_OUT for one in run.attempts)}
    why = plan.without_judges or plan.memory.refusal
    if why is None or not left:
        return {}
    return {"left_out": f"what a judge would say of {len(left)} of {len(plan.cases)} cases: {why}"}


def _take_in(settings: Settings, experiment_id: str, runs: int) -> None:
    """Move the spool into the store until the runs' root spans are there, or nothing waits any more.

    An application that records into the same spool all the time must not hold an evaluation up, and spans
    that do not come are runs without a span: not measured.
    """
    deadline = time.monotonic() + _DRAIN_SECONDS
    while not drain(settings, _DRAIN_SLICE) and time.monotonic() < deadline:
        with Store.of(settings).read() as reader:
            roots = "SELECT count(*) AS n FROM spans WHERE experiment_id = $id AND parent_span_id IS NULL"
            if reader.rows(roots, {"id": experiment_id})[0]["n"] >= runs:
                return


def _experiment(plan: _Plan, runs: Sequence[CaseRun], *, interrupted: bool) -> Experiment:
    return Experiment(
        experiment_id=plan.experiment_id,
        dataset=plan.path.stem,
        dataset_hash=dataset_hash(line.case for line in plan.lines),
        task=plan.task.name,
        repeats=plan.effort.repeats,
        commit=commit_of(),
        created_at=plan.began,
        cases=tuple(line.case for line in plan.chosen),
        runs=tuple(runs),
        metadata={
            "dataset_cases": len(plan.lines),
            "dataset_path": _from_here(plan.path),
            "lines": {line.case.id: line.number for line in plan.chosen},
            "scorers": {one.name: one.version for found in plan.scorers.values() for one in found},
            "concurrency": plan.concurrency,
            "timeout": plan.timeout,
            "versions": _versions(),
            **record_of(plan.cases, runs, plan.effort, plan.policy),
            **_left_out(plan, runs),
            **plan.memory.record(),
            **({"interrupted": True} if interrupted else {}),
        },
    )


def _from_here(path: Path) -> str:
    """The path as a report in the repository needs it."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _selected(path: Path, lines: Sequence[CaseLine], selection: Selection) -> list[CaseLine]:
    unknown = set(selection.cases) - {line.case.id for line in lines}
    if unknown:
        raise UsageError(f"{path} has no case {', '.join(repr(one) for one in sorted(unknown))}")
    chosen = [line for line in lines if selection.takes(line.case)]
    if not chosen:
        why = "it has no cases" if not lines else f"none of its {len(lines)} cases is selected"
        raise NotMeasured(f"nothing to run in {path}: {why}")
    return chosen


def _checked(
    settings: Settings, path: Path, selection: Selection, names: Sequence[str]
) -> tuple[list[CaseLine], dict[str, list[Scorer]]]:
    """The lines of the file, and by id what is measured of each selected case, each scorer once.

    DatasetError with everything that is wrong with the file's lines and the selected cases' scorers.
    """
    lines, problems = parse_dataset(read_bytes(path), str(path))
    loaded = load_all(settings)
    extra = named(names, loaded)
    by_case: dict[str, list[Scorer]] = {}
    for number, case in lines:
        if not selection.takes(case):
            continue
        try:
            by_case[case.id] = list({one.name: one for one in [*case_scorers(case, loaded), *extra]}.values())
        except DatasetError as error:
            problems.append(Problem(f"{path}:{number}", str(error)))
    raise_all(path, [str(problem) for problem in sorted(problems, key=lambda one: one.line)])
    return lines, by_case


def _prepared(settings: Settings, task: str) -> tuple[Recorder, Task]:
    """Recording, and then the task: recording comes first, as the one import does in production."""
    return recording(settings), _quietly(lambda: load_task(task))


def recording(settings: Settings) -> Recorder:
    """Record in this process; again in the same way is the same recorder.

    Content is always recorded, because scorers read it, and this process moves its own spans. Raises UsageError when
    the process records in another way already.
    """
    wanted = replace(settings, capture="full", ingest="off")
    there = recorder()
    if there is not None and (there.spool_path != wanted.spool_path or there.settings.capture != "full"):
        raise UsageError(
            f"this process records to {there.spool_path} (capture {there.settings.capture!r}) already; "
            "evaluate in a process of its own, with i2e eval"
        )
    return _quietly(lambda: install(wanted))


def _quietly(make: Callable[[], T]) -> T:
    with _without_announcements():
        return make()


@contextmanager
def _without_announcements() -> Generator[None]:
    """An evaluation says itself what it records; errors are still said."""
    logger = logging.getLogger("otel_i2e")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _run(plan: _Plan, planned: Sequence[Planned], on_progress: Progress) -> tuple[list[Ran], bool]:
    """The runs that ended, and whether somebody interrupted the others."""
    ran: list[Ran] = []

    def keep(one: Ran) -> None:
        ran.append(one)
        on_progress("run", len(ran), len(planned))

    runs = run_cases(
        planned,
        plan.task,
        tracer=trace.get_tracer(I2E_SCOPE),
        experiment_id=plan.experiment_id,
        concurrency=plan.concurrency,
        timeout=plan.timeout,
        on_ran=keep,
    )
    try:
        asyncio.run(runs)
    except KeyboardInterrupt:
        return ran, True
    return ran, False


def _count(on_progress: Progress, total: int) -> Callable[[], None]:
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        on_progress("score", done, total)

    return one_more


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
