"""Runs of an experiment, read back from the store and scored there: the same subjects and scorers as online."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.models import Attempt, Case, CaseRun, JudgeSettings, LedgerRow, Outcome, ScoreRow, Span, Subject
from otel_i2e.score import Scorer
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.attempt_rows import rows_of
from otel_i2e.workflows.attempts import Asker, Job, attempt_all, not_tried
from otel_i2e.workflows.case_runs import Ran
from otel_i2e.workflows.subjects import subjects_of
from otel_i2e.workflows.verdicts import Memory

__all__ = ["Scored", "score_runs"]

_AT_ONCE: Final = 200
"""Runs whose traces are in memory at the same time."""
_IN_BATCH: Final = 5000
"""The same where judges are asked by batches: each is waited for."""
_NO_SPAN: Final = "its span did not reach the store; i2e status says what was dropped, and a sampler drops too"


class Scored(NamedTuple):
    """What came of the runs."""

    runs: list[CaseRun]
    """In the dataset's order, then by repeat."""
    scores: list[ScoreRow]
    """For the table `scores`."""
    ledger: list[LedgerRow]
    """For the table `score_ledger`."""


def score_runs(
    settings: Settings,
    experiment_id: str,
    ran: Sequence[Ran],
    scorers: Mapping[str, Sequence[Scorer]],
    *,
    judge: JudgeSettings,
    memory: Memory | None = None,
    without_judges: str | None = None,
    unfinished: Mapping[str, str] | None = None,
    on_scored: Callable[[], None],
) -> Scored:
    """Score every run whose span is in the store with the scorers of its case (`scorers`, by case id).

    `memory` has the verdicts that are not asked for again, and takes the new ones. `without_judges` says why scorers
    that ask a judge are left out, `unfinished` which traces are not known in full, and why: who looks at these has
    an error. `on_scored` is called for each attempt.
    Nothing that a scorer or a judge does is raised.
    """
    found = Scored([], [], [])
    asker = Asker("offline", experiment_id=experiment_id)
    for some in _parts(ran, _AT_ONCE if memory is None or memory.batch is None else _IN_BATCH):
        with Store.of(settings).read() as reader:
            subjects = _subjects(reader, experiment_id, some, scorers)
            costs = _costs(reader, experiment_id)
            times = _times(reader, experiment_id, some)
        jobs, timeout = _jobs(some, subjects, scorers, asker), settings.scorer_timeout
        left = _left(jobs, without_judges, unfinished or {})
        attempts = asyncio.run(_attempts(jobs, left, judge, memory, on_scored, timeout=timeout))
        for one in some:
            subject = subjects.get(one.span_id)
            made = attempts.get(one.span_id, ())
            found.runs.append(_case_run(one, subject, made, costs, times))
            rows = [rows_of(attempt, subject.span, asker) for attempt in made] if subject is not None else []
            found.ledger.extend(ledger for ledger, _ in rows)
            found.scores.extend(score for _, score in rows if score is not None)
    return found


def _parts(ran: Sequence[Ran], size: int) -> Iterator[Sequence[Ran]]:
    for start in range(0, len(ran), size):
        yield ran[start : start + size]


def _subjects(
    reader: Reader, experiment_id: str, ran: Sequence[Ran], scorers: Mapping[str, Sequence[Scorer]]
) -> dict[str, Subject]:
    """Span id → subject, for the runs that gave an answer."""
    answered = [one.span_id for one in ran if one.error is None]
    spans: list[Span] = reader.spans(
        "experiment_id = $experiment_id AND span_id IN (SELECT unnest($span_ids::VARCHAR[]))",
        {"experiment_id": experiment_id, "span_ids": answered},
    )
    cases: dict[str, Case] = {one.case.id: one.case for one in ran}
    used = {scorer for one in ran for scorer in scorers[one.case.id]}
    return {subject.span.span_id: subject for subject in subjects_of(reader, spans, used, cases=cases)}


def _jobs(
    ran: Sequence[Ran], subjects: Mapping[str, Subject], scorers: Mapping[str, Sequence[Scorer]], asker: Asker
) -> list[Job]:
    return [
        Job(scorer, subjects[one.span_id], asker)
        for one in ran
        if one.span_id in subjects
        for scorer in scorers[one.case.id]
    ]


def _left(jobs: Sequence[Job], without_judges: str | None, unfinished: Mapping[str, str]) -> dict[int, Attempt]:
    """Position of a job that cannot be tried → what is recorded of it."""
    left: dict[int, Attempt] = {}
    for number, (scorer, subject, *_) in enumerate(jobs):
        if without_judges is not None and scorer.asks_model:
            left[number] = not_tried(scorer, Outcome.LEFT_OUT, without_judges)
        elif scorer.looks_beyond and subject.span.trace_id in unfinished:
            left[number] = not_tried(scorer, Outcome.ERROR, unfinished[subject.span.trace_id])
    return left


async def _attempts(
    jobs: Sequence[Job],
    left: Mapping[int, Attempt],
    judge: JudgeSettings,
    memory: Memory | None,
    on_scored: Callable[[], None],
    *,
    timeout: float,
) -> dict[str, list[Attempt]]:
    """Span id → attempts, in order of the jobs."""
    made: dict[tuple[str, str], Attempt] = {}

    def keep(job: Job, attempt: Attempt) -> None:
        made[job.subject.span.span_id, job.scorer.name] = attempt
        on_scored()

    for number, attempt in left.items():
        keep(jobs[number], attempt)
    tried = [job for number, job in enumerate(jobs) if number not in left]
    await attempt_all(tried, judge, keep, memory=memory, timeout=timeout)
    attempts: dict[str, list[Attempt]] = {}
    for job in jobs:
        span_id = job.subject.span.span_id
        attempts.setdefault(span_id, []).append(made[span_id, job.scorer.name])
    return attempts


def _case_run(
    ran: Ran,
    subject: Subject | None,
    attempts: Sequence[Attempt],
    costs: Mapping[str, float | None],
    times: Mapping[str, float],
) -> CaseRun:
    span = subject.span if subject is not None else None
    lost = ran.error is None and span is None
    without_calls = 0.0 if span is not None else None  # what broke or was lost may have been in a call
    return CaseRun(
        case_id=ran.case.id,
        repeat=ran.repeat,
        status="task_error" if ran.error is not None else "no_span" if lost else "ok",
        error=_NO_SPAN if lost else ran.error,
        trace_id=ran.trace_id,
        span_id=ran.span_id,
        output=span.output_text if span is not None else None,
        duration_ms=times.get(ran.span_id),
        cost_usd=costs.get(ran.trace_id, without_calls),
        attempts=tuple(attempts),
    )


def _times(reader: Reader, experiment_id: str, ran: Sequence[Ran]) -> dict[str, float]:
    """Span id → milliseconds of the root spans, also of runs that broke: a budget must know how long a timeout was."""
    rows = reader.rows(
        "SELECT span_id, duration_ms FROM spans WHERE experiment_id = $experiment_id "
        "AND span_id IN (SELECT unnest($span_ids::VARCHAR[])) AND duration_ms IS NOT NULL",
        {"experiment_id": experiment_id, "span_ids": [one.span_id for one in ran]},
    )
    return {row["span_id"]: row["duration_ms"] for row in rows}


def _costs(reader: Reader, experiment_id: str) -> dict[str, float | None]:
    """Trace id → US dollars of its model calls, None where one has no known price; traces without a call are absent."""
    rows = reader.rows(
        "SELECT trace_id, CASE WHEN count(*) = count(cost_usd) THEN sum(cost_usd) END AS cost_usd FROM llm_calls "
        "WHERE experiment_id = $experiment_id GROUP BY trace_id",
        {"experiment_id": experiment_id},
    )
    return {row["trace_id"]: row["cost_usd"] for row in rows}
