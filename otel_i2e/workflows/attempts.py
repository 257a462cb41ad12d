"""Running many scorers on many subjects: shared by online, backfill and offline."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple, Protocol

from otel_i2e.models import (
    Attempt,
    Judge,
    JudgeQuestion,
    JudgeSettings,
    JudgeVerdict,
    Outcome,
    Subject,
)
from otel_i2e.score import TURN, Scorer, Share, begin, run_functions
from otel_i2e.workflows.verdicts import Memory, Remembering

__all__ = ["Allowance", "Asker", "Job", "attempt_all", "judge_of", "not_tried"]

_AT_ONCE: Final = 32
"""Attempts in flight beside what the judge's own concurrency allows."""
_PORTION: Final = 100
"""Calls of plain functions, at most, between two looks of the event loop."""


class Allowance(Protocol):
    """Something that an attempt may have to ask before it is made: a budget."""

    def counts(self, job: Job) -> bool:
        """Whether it counts this attempt: one that it does not need not ask."""
        ...

    async def take(self, job: Job) -> str | None:
        """None to go ahead; else why not, in a line."""
        ...

    def settle(self, job: Job, attempt: Attempt) -> None:
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
    end = math.inf if deadline is None else deadline
    async with judge_of(judge) as live, asyncio.TaskGroup() as group:
        court = live if memory is None or memory.batch is None else await memory.batch.court(jobs, memory)
        for _ in range(min(len(jobs), max(_AT_ONCE, judge.concurrency))):
            group.create_task(_work(shared, _courts(court, memory), on_attempt, end, timeout))
        for line in lines:
            group.create_task(_work_off(line, on_attempt, end, timeout))


@asynccontextmanager
async def judge_of(settings: JudgeSettings) -> AsyncGenerator[Judge]:
    """The judge for one event loop. Nothing is loaded and no connection made before it is first asked."""
    async with AsyncExitStack() as stack:
        yield _LateJudge(settings, stack)


def not_tried(scorer: Scorer, outcome: Outcome, reason: str | None = None) -> Attempt:
    """A scorer that was considered and left out: sampled out, over budget."""
    return Attempt(scorer=scorer.name, scorer_version=scorer.version, outcome=outcome, error=reason)


def _lines(jobs: Sequence[Job]) -> tuple[Iterator[Job], list[deque[Job]]]:
    """The jobs that any worker takes, and those of plain functions: a line for each function, `_AT_ONCE` at most."""
    blocking = [job for job in jobs if job.scorer.blocks]
    if not blocking:
        return iter(jobs), []
    lines: dict[int, deque[Job]] = {}
    numbers: dict[str, int] = {}
    for job in blocking:
        number = numbers.setdefault(job.scorer.name, len(numbers) % _AT_ONCE)
        lines.setdefault(number, deque()).append(job)
    return iter([job for job in jobs if not job.scorer.blocks]), [*lines.values()]


def _courts(court: Judge, memory: Memory | None) -> tuple[Judge, Judge]:
    """Who judges a first run, and who a repeat."""
    return (court, court) if memory is None else (Remembering(court, memory), Remembering(court, memory, anew=True))


async def _work(
    waiting: Iterator[Job],
    courts: tuple[Judge, Judge],
    on_attempt: Callable[[Job, Attempt], None],
    deadline: float,
    timeout: float,
) -> None:
    """Make the attempts that wait, one after the other; other workers may take from the same."""
    now = turn = time.monotonic()
    for job in waiting:
        if now >= deadline:
            return
        scorer, subject, _asker, allowance, _share, _number = job
        if allowance is None or await _is_let(job, on_attempt):
            judge = courts[bool(subject.span.repeat)] if scorer.needs_judge else None
            begun = begin(scorer, subject, judge, timeout)
            attempt = begun if isinstance(begun, Attempt) else await begun
            if allowance is not None:
                _settle(job, attempt)
            on_attempt(job, attempt)
        now = time.monotonic()
        if now - turn > TURN:
            await asyncio.sleep(0)  # a plain scorer never yields: the others get their turn
            now = turn = time.monotonic()  # theirs is not counted, or every attempt would be followed by a change


async def _work_off(
    line: deque[Job], on_attempt: Callable[[Job, Attempt], None], deadline: float, timeout: float
) -> None:
    """Make the attempts of plain functions in a line, as many at once as a short turn allows."""
    size = 1
    while line and time.monotonic() < deadline:
        portion = _portion(line, size)
        if not await _is_let(portion[0], on_attempt):
            continue
        tries = [(job.scorer, job.subject) for job in portion]
        attempts = await run_functions(tries, timeout=timeout, until=deadline)
        for job, attempt in zip(portion, attempts, strict=False):
            _settle(job, attempt)
            on_attempt(job, attempt)
        line.extendleft(reversed(portion[len(attempts) :]))
        size = min(len(attempts) * 2, _PORTION)


def _portion(line: deque[Job], size: int) -> list[Job]:
    """The next jobs; one that a budget counts goes alone, so that it is not counted before it is made."""
    portion = [line.popleft()]
    while line and len(portion) < size and not (_is_counted(portion[0]) or _is_counted(line[0])):
        portion.append(line.popleft())
    return portion


def _is_counted(job: Job) -> bool:
    return job.allowance is not None and job.allowance.counts(job)


async def _is_let(job: Job, on_attempt: Callable[[Job, Attempt], None]) -> bool:
    """Whether the job may go ahead; it is told when not."""
    refusal = await job.allowance.take(job) if job.allowance is not None and job.allowance.counts(job) else None
    if refusal is not None:
        on_attempt(job, not_tried(job.scorer, Outcome.OVER_BUDGET, refusal))
    return refusal is None


def _settle(job: Job, attempt: Attempt) -> None:
    if job.allowance is not None and job.allowance.counts(job):
        job.allowance.settle(job, attempt)


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
