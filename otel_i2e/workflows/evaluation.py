"""Evaluation: a task over the cases of a dataset, traced like production, scored like production, recorded once.

    cases × repeats ──► task, under recording ──► spool ──► store ──► the same scorers ──► experiment

Ctrl-C stops the runs; what had finished is scored and recorded, and the rest is missing in the record, so
that the gate cannot pass it. Ctrl-C while scoring, or a kill, records nothing: the spans are in the store all the
same, and a note beside it tells the gate that an evaluation began and did not end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final
from uuid import uuid4

from opentelemetry import trace

from otel_i2e.config import Settings
from otel_i2e.errors import NotMeasured, UsageError
from otel_i2e.models import Experiment, Policy
from otel_i2e.score import Scorer
from otel_i2e.semconv import I2E_SCOPE
from otel_i2e.store import Store
from otel_i2e.workflows.batching import Batching
from otel_i2e.workflows.case_runs import Planned, Ran, run_cases
from otel_i2e.workflows.datasets import dataset_path, require_own_name
from otel_i2e.workflows.evaluation_notes import forget_begun, note_begun
from otel_i2e.workflows.evaluation_plan import Plan, Selection, checked, selected
from otel_i2e.workflows.experiment_record import experiment_of, record_refusal
from otel_i2e.workflows.experiment_scoring import Scored, score_runs
from otel_i2e.workflows.identities import definitions_of
from otel_i2e.workflows.ingest import drain
from otel_i2e.workflows.recording import quietly, recording
from otel_i2e.workflows.revision import revision_of
from otel_i2e.workflows.rounds import Effort, next_round
from otel_i2e.workflows.score_events import emit_scores
from otel_i2e.workflows.scorers import judge_settings
from otel_i2e.workflows.tasks import load_task
from otel_i2e.workflows.verdict_file import verdicts_path, write_verdicts
from otel_i2e.workflows.verdicts import Memory, recall
from otel_i2e.workflows.whole_traces import unfinished_traces

__all__ = ["Progress", "evaluate", "memory_of"]

Progress = Callable[[str, int, int], None]
"""Called with the stage (`run`, `score`), how much of it is done, and how much there is."""
_FLUSH_SECONDS: Final = 30.0
_DRAIN_SECONDS: Final = 60.0
_DRAIN_SLICE: Final = 2.0


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
    batch: Callable[[str], None] | None = None,
    policy: Policy | None = None,
    on_progress: Progress = lambda _stage, _done, _total: None,
) -> Experiment:
    """Run `task` (`module:function`) `repeat` times over the cases, score the spans, and store the experiment.

    `dataset` is a name or a path, `scorers` are applied to every case beside its own, `timeout` is in seconds for
    one run. `stop_early` leaves out repeats that cannot change a case's verdict under `policy`; `confirm` runs a case
    that holds the release back up to so many times more. `without_judges` leaves out scorers that ask a judge; None
    does so when there is no key, but for verdicts that are on record. With `cache` a verdict on exactly the same
    request is used again, but for repeats; `record_verdicts` adds what was used to the project's file. With `batch`,
    judges are asked by Message Batches, and it is told what a person should know. What a task, a
    scorer or a judge does is recorded, not raised. Raises UsageError and its kind for what was asked for wrongly,
    before anything runs; NotMeasured when no case is selected. Then an experiment without cases is recorded, so that
    no gate decides on the one before.
    """
    now = datetime.now(UTC)
    experiment_id = f"exp-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"
    note_begun(settings, experiment_id, Path(dataset).stem, now)
    revision = revision_of()
    try:
        path = dataset_path(settings, dataset)
        require_own_name(settings, path)
        selection = selection or Selection()
        lines, by_case = checked(settings, path, selection, scorers)
        chosen = selected(path, lines, selection)
        recorder = recording(settings)  # before the task is imported, as the one import does in production
        called = quietly(lambda: load_task(task))
        for _, case in chosen:
            called.arguments(case)
    except (UsageError, NotMeasured) as error:
        record_refusal(settings, experiment_id, dataset, task, began=now, error=error)
        raise
    plan = Plan(
        path=path,
        lines=lines,
        chosen=chosen,
        scorers=by_case,
        judge=judge_settings(settings),
        task=called,
        recorder=recorder,
        experiment_id=experiment_id,
        began=now,
        revision=revision,
        effort=Effort(repeat, stop_early=stop_early, confirm=confirm),
        policy=policy or Policy(),
        without_judges="judges were left out (--without-judges)" if without_judges else None,
        memory=memory_of(settings, by_case, without_judges, cache=cache),
        record_verdicts=record_verdicts,
        concurrency=concurrency,
        timeout=timeout,
    )
    if batch is not None:
        plan.memory.batch = Batching(settings, plan.judge, batch)
    return _carried_out(settings, plan, on_progress)


def _carried_out(settings: Settings, plan: Plan, on_progress: Progress) -> Experiment:
    with Store.of(settings).write():
        pass  # a store that cannot be written is found out before model calls are paid for
    found, interrupted = Scored([], [], []), False
    rounds = 0
    while not interrupted and (planned := next_round(plan.cases, found.runs, plan.effort, plan.policy, number=rounds)):
        ran, interrupted = _run(plan, planned, on_progress)
        unfinished = {} if interrupted else unfinished_traces(plan.recorder, ran, plan.scorers, plan.timeout)
        plan.recorder.flush(_FLUSH_SECONDS)
        _take_in(settings, plan.experiment_id, len(found.runs) + len(ran))
        _extend(found, _score(settings, plan, ran, unfinished, on_progress))
        rounds = max(rounds, planned[0].repeat if plan.effort.stop_early else 0) + 1
    experiment = experiment_of(plan, found.runs, interrupted=interrupted)
    with Store.of(settings).write() as writer:
        writer.add_experiment(experiment)
        writer.add_identities(definitions_of(chain.from_iterable(plan.scorers.values()), plan.began))
        writer.add_scores(found.scores)
        writer.add_ledger(found.ledger)
        writer.add_verdicts([*plan.memory.fresh.values()])
    if plan.memory.batch is not None:
        plan.memory.batch.settle()
    forget_begun(settings, plan.experiment_id, experiment.dataset, plan.began)
    if plan.record_verdicts:
        used = {**plan.memory.replayed, **plan.memory.fresh}
        write_verdicts(verdicts_path(settings), used.values())
    emit_scores(found.scores)
    plan.recorder.flush(_FLUSH_SECONDS)
    drain(settings, _DRAIN_SLICE)  # our own events, where the application sends them nowhere else
    return experiment


def _score(
    settings: Settings, plan: Plan, ran: Sequence[Ran], unfinished: Mapping[str, str], on_progress: Progress
) -> Scored:
    attempts = sum(len(plan.scorers[one.case.id]) for one in ran if one.error is None)
    return score_runs(
        settings,
        plan.experiment_id,
        ran,
        plan.scorers,
        judge=plan.judge,
        memory=plan.memory,
        without_judges=plan.without_judges,
        unfinished=unfinished,
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


def _run(plan: Plan, planned: Sequence[Planned], on_progress: Progress) -> tuple[list[Ran], bool]:
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
