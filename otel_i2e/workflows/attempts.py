"""Running many scorers on many subjects, and the rows that come of it: shared by online, backfill and offline."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from otel_i2e.errors import RowRefused
from otel_i2e.models import (
    Attempt,
    Judge,
    JudgeQuestion,
    JudgeSettings,
    JudgeVerdict,
    LedgerRow,
    Outcome,
    ScorerIdentity,
    ScoreRow,
    Span,
    Subject,
)
from otel_i2e.score import Scorer, Share, blocks, run_scorer
from otel_i2e.store import Store
from otel_i2e.workflows.identities import identities_of
from otel_i2e.workflows.retries import again_at
from otel_i2e.workflows.score_events import emit_scores
from otel_i2e.workflows.verdicts import Memory, Remembering

__all__ = ["Allowance", "Asker", "Job", "attempt_all", "judge_of", "not_tried", "rows_of", "store_attempts"]

_AT_ONCE: Final = 32
"""Attempts in flight beside what the judge's own concurrency allows."""
_TURN: Final = 0.005
"""Seconds after which scorers in code let others have their turn."""


class Allowance(Protocol):
    """Something that an attempt may have to ask before it is made: a budget."""

    async def take(self, scorer: Scorer) -> str | None:
        """None to go ahead; else why not, in a line."""
        ...

    def settle(self, scorer: Scorer, attempt: Attempt) -> None:
        """What came of an attempt that went ahead."""
        ...


class Asker(NamedTuple):
    """Who asks: goes into every row."""

    source: str
    """`online`, `backfill` or `offline`."""
    rule: str | None = None
    """The online rule."""
    experiment_id: str | None = None
    """The experiment."""
    shadow: bool = False
    """Whether the rule is in shadow: what it scores counts nowhere."""


class Job(NamedTuple):
    """One scorer to be tried on one subject."""

    scorer: Scorer
    subject: Subject
    asker: Asker
    """Goes into the rows."""
    allowance: Allowance | None = None
    """Asked before the attempt."""
    share: Share = Share()
    """What the subject stands for, where a sample was drawn."""
    attempt: int = 1
    """Which attempt it is, from 1."""


async def attempt_all(
    jobs: Iterable[Job],
    judge: JudgeSettings,
    on_attempt: Callable[[Job, Attempt], None],
    *,
    deadline: float | None = None,
    memory: Memory | None = None,
    timeout: float = 30.0,
) -> None:
    """Make every attempt, a bounded number at once; `on_attempt` is called as each ends. Nothing of a scorer is raised.

    After `deadline` (`time.monotonic()`) no further attempt begins; what was left out is not told. With a `memory`,
    verdicts that it has are not asked for again, but for repeats. A scorer of the project has `timeout` seconds for a
    call. Plain functions of the project run one call at a time each, so that one that hangs holds up only itself.
    """
    jobs = list(jobs)
    shared, lines = _lines(jobs)
    async with judge_of(judge) as live, asyncio.TaskGroup() as group:
        court = live if memory is None or memory.batch is None else await memory.batch.court(jobs, memory)
        for _ in range(max(_AT_ONCE, judge.concurrency)):
            group.create_task(_work(shared, _courts(court, memory), on_attempt, deadline, timeout))
        for line in lines:
            group.create_task(_work(line, _courts(court, memory), on_attempt, deadline, timeout))


def store_attempts(store: Store, made: Sequence[tuple[Job, Attempt]], now: datetime | None = None) -> None:
    """The rows of the attempts, in one write; then the scores leave as events. StoreError when nothing was stored.

    A score that the store refuses loses no other: its attempt is an error in the ledger.
    """
    if not made:
        return
    now = now or datetime.now(UTC)
    rows = [_rows_of_job(job, attempt, now) for job, attempt in made]
    identities = identities_of((job.scorer for job, _ in made), now)
    try:
        stored = _write(store, rows, identities)
    except RowRefused:
        _write(store, [], identities)
        stored = [score for row in rows for score in _write_one(store, row)]
    emit_scores(stored)


def _write(
    store: Store, rows: Sequence[tuple[LedgerRow, ScoreRow | None]], identities: Sequence[ScorerIdentity] = ()
) -> list[ScoreRow]:
    scores = [score for row, score in rows if score is not None and not row.shadow]
    shadows = [score for row, score in rows if score is not None and row.shadow]
    with store.write() as writer:
        writer.add_identities(identities)
        writer.add_scores(scores)
        writer.add_shadow_scores(shadows)
        writer.add_ledger([row for row, _ in rows])
    return scores


def _rows_of_job(job: Job, attempt: Attempt, now: datetime) -> tuple[LedgerRow, ScoreRow | None]:
    seen = len(job.subject.trace) if job.scorer.scope != "span" and attempt.outcome is not Outcome.SAMPLED_OUT else None
    row, score = rows_of(attempt, job.subject.span, job.asker, now, share=job.share, trace_spans=seen)
    again = again_at(attempt, job.attempt, now) if job.asker.source == "online" else None
    return row.model_copy(update={"attempt": job.attempt, "retry_at": again}), score


def _write_one(store: Store, row: tuple[LedgerRow, ScoreRow | None]) -> list[ScoreRow]:
    """The score, when the store took it; else the ledger says why not."""
    try:
        return _write(store, [row])
    except RowRefused as error:
        refused = {"outcome": Outcome.ERROR, "reason": f"the score could not be stored: {error}"}
        return _write(store, [(row[0].model_copy(update=refused), None)])


@asynccontextmanager
async def judge_of(settings: JudgeSettings) -> AsyncGenerator[Judge]:
    """The judge for one event loop. Nothing is loaded and no connection made before it is first asked."""
    async with AsyncExitStack() as stack:
        yield _LateJudge(settings, stack)


def not_tried(scorer: Scorer, outcome: Outcome, reason: str | None = None) -> Attempt:
    """A scorer that was considered and left out: sampled out, over budget."""
    return Attempt(scorer=scorer.name, scorer_version=scorer.version, outcome=outcome, error=reason)


def rows_of(
    attempt: Attempt,
    span: Span,
    asker: Asker,
    now: datetime | None = None,
    *,
    share: Share = Share(),  # noqa: B008 -- immutable
    trace_spans: int | None = None,
) -> tuple[LedgerRow, ScoreRow | None]:
    """The ledger's row of an attempt, and the score's when there is one.

    The score's id follows from who scored what for whom, so that storing it twice stores it once. `trace_spans` is how
    many spans of the trace the scorer could see.
    """
    now = now or datetime.now(UTC)
    row = LedgerRow(
        trace_id=span.trace_id,
        span_id=span.span_id,
        rule=asker.rule,
        scorer=attempt.scorer,
        scorer_version=attempt.scorer_version,
        outcome=attempt.outcome,
        reason=attempt.error,
        source=asker.source,
        experiment_id=asker.experiment_id,
        cost_usd=attempt.cost_usd,
        created_at=now,
        weight=None if attempt.outcome is Outcome.SAMPLED_OUT else share.weight,
        stratum=share.stratum,
        trace_spans=trace_spans,
        shadow=asker.shadow,
    )
    score = attempt.score
    if attempt.outcome is not Outcome.SCORED or score is None:
        return row, None
    return row, ScoreRow(
        score_id=_score_id(attempt, span, asker),
        trace_id=span.trace_id,
        span_id=span.span_id,
        name=attempt.scorer,
        value=score.value,
        label=score.label,
        explanation=score.explanation,
        passed=attempt.passed,
        threshold=attempt.threshold,
        scorer_version=attempt.scorer_version,
        source=asker.source,
        rule=asker.rule,
        experiment_id=asker.experiment_id,
        case_id=span.case_id if asker.experiment_id else None,
        repeat=span.repeat if asker.experiment_id else None,
        model=attempt.model,
        cost_usd=attempt.cost_usd,
        metadata=score.metadata,
        created_at=now,
        weight=share.weight,
    )


def _score_id(attempt: Attempt, span: Span, asker: Asker) -> str:
    whom = (asker.source, asker.rule or "", asker.experiment_id or "")
    parts = (span.trace_id, span.span_id, attempt.scorer, attempt.scorer_version, *whom)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _lines(jobs: Iterable[Job]) -> tuple[Iterator[Job], list[Iterator[Job]]]:
    """The jobs that any worker takes, and those of plain functions: a line for each function, `_AT_ONCE` at most."""
    shared: list[Job] = []
    lines: dict[int, list[Job]] = {}
    numbers: dict[str, int] = {}
    for job in jobs:
        if blocks(job.scorer):
            number = numbers.setdefault(job.scorer.name, len(numbers) % _AT_ONCE)
            lines.setdefault(number, []).append(job)
        else:
            shared.append(job)
    return iter(shared), [iter(line) for line in lines.values()]


def _courts(court: Judge, memory: Memory | None) -> tuple[Judge, Judge]:
    """Who judges a first run, and who a repeat."""
    return (court, court) if memory is None else (Remembering(court, memory), Remembering(court, memory, anew=True))


async def _work(
    waiting: Iterator[Job],
    courts: tuple[Judge, Judge],
    on_attempt: Callable[[Job, Attempt], None],
    deadline: float | None,
    timeout: float,
) -> None:
    turn = time.monotonic()
    for job in waiting:
        if deadline is not None and time.monotonic() >= deadline:
            return
        refusal = await job.allowance.take(job.scorer) if job.allowance is not None else None
        if refusal is not None:
            on_attempt(job, not_tried(job.scorer, Outcome.OVER_BUDGET, refusal))
            continue
        attempt = await run_scorer(
            job.scorer, job.subject, judge=courts[bool(job.subject.span.repeat)], timeout=timeout
        )
        if job.allowance is not None:
            job.allowance.settle(job.scorer, attempt)
        on_attempt(job, attempt)
        if time.monotonic() - turn > _TURN:
            await asyncio.sleep(0)  # a plain scorer never yields: the others get their turn
            turn = time.monotonic()  # theirs is not counted, or every attempt would be followed by a change


class _LateJudge:
    """A judge that is made when it is first asked: the SDK is heavy, and most passes ask no judge."""

    def __init__(self, settings: JudgeSettings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._judge: Judge | None = None

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """As the judge behind it."""
        if self._judge is None:
            from otel_i2e.judge import ClaudeJudge

            court = ClaudeJudge(self._settings)
            self._judge = court
            self._stack.push_async_exit(court)
        return await self._judge.ask(question)
