"""Scoring what is stored, on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import QueryError
from otel_i2e.models import Attempt
from otel_i2e.score import Scorer
from otel_i2e.store import Store
from otel_i2e.workflows.attempts import Asker, Job, attempt_all, store_attempts
from otel_i2e.workflows.batching import Batching
from otel_i2e.workflows.candidates import Candidate, counted, identity_of, spans_of, unscored
from otel_i2e.workflows.conditions import check_condition, condition_error
from otel_i2e.workflows.scorers import judge_settings, load_all, named
from otel_i2e.workflows.scoring_report import ScoringReport, tallies
from otel_i2e.workflows.subjects import subjects_of
from otel_i2e.workflows.verdicts import Memory, recall

__all__ = ["score_where"]

_ASKER: Final = Asker("backfill")
_CHUNK: Final = 200
"""Spans that are read, scored and stored together: what a crash loses at most."""
_BATCH: Final = 5000
"""The same where judges are asked by batches, whose answers a crash does not lose."""


def score_where(
    settings: Settings,
    where: str,
    scorer_names: Sequence[str],
    *,
    limit: int = 1000,
    since: timedelta | None = None,
    dry_run: bool = False,
    cache: bool = True,
    batch: Callable[[str], None] | None = None,
    on_span: Callable[[int, int], None] | None = None,
) -> ScoringReport:
    """Score the latest `limit` production spans that match `where` and lack a score of one of these versions.

    Errors and missing content are tried again, scores are not: the same call twice scores nothing twice. With
    `dry_run` nothing is scored, and `left` says how many spans would be. With `cache` a judge's verdict on exactly the
    same request is used again. With `batch`, judges are asked by Message Batches, and it is told what a person should
    know. `on_span` is told how many of how many spans are done. Raises UsageError and QueryError for the condition,
    ScorerError for a name, StoreError.
    """
    check_condition(where, "--where")
    scorers = named(dict.fromkeys(scorer_names), load_all(settings))
    store = Store.of(settings)
    begin = datetime.now(UTC) - since if since is not None else datetime.fromtimestamp(0, UTC)
    spans, complete, found = _found(settings, where, scorers, begin, limit)
    attempts: list[Attempt] = []
    memory = Memory()
    if found and not dry_run and any(scorer.needs_judge for scorer in scorers):
        memory = recall(settings, cache=cache)
    if batch is not None:
        memory.batch = Batching(settings, judge_settings(settings), batch)
    size = _CHUNK if batch is None else _BATCH
    for first in range(0, 0 if dry_run else len(found), size):
        chunk = found[first : first + size]
        attempts += _score(settings, store, chunk, scorers, memory)
        if on_span is not None:
            on_span(first + len(chunk), len(found))
    looked_at = 0 if dry_run else len(found)
    return ScoringReport(
        spans=looked_at,
        already=complete,
        left=spans - complete - looked_at,
        tallies=tallies(scorers, attempts),
    )


def _found(
    settings: Settings, where: str, scorers: list[Scorer], begin: datetime, limit: int
) -> tuple[int, int, list[Candidate]]:
    """How many spans match, how many are complete, and those to score."""
    store = Store.of(settings)
    try:
        spans, complete = counted(store, settings, where, scorers, since=begin)
        return spans, complete, unscored(store, settings, where, scorers, since=begin, limit=limit)
    except QueryError as error:
        raise QueryError(f"--where {where!r}: {condition_error(settings, where, 'spans', error)}") from None


def _score(
    settings: Settings, store: Store, chunk: list[Candidate], scorers: list[Scorer], memory: Memory
) -> list[Attempt]:
    done = {candidate[:2]: candidate.done for candidate in chunk}
    with store.read() as reader:
        spans = list(spans_of(reader, chunk).values())
        subjects = subjects_of(reader, spans, scorers)
    jobs = [
        Job(scorer, subject, _ASKER)
        for subject in subjects
        for scorer in scorers
        if identity_of(scorer) not in done[subject.span.trace_id, subject.span.span_id]
    ]
    made: list[tuple[Job, Attempt]] = []

    def keep(job: Job, attempt: Attempt) -> None:
        made.append((job, attempt))

    asyncio.run(attempt_all(jobs, judge_settings(settings), keep, memory=memory, timeout=settings.scorer_timeout))
    store_attempts(store, made)
    if memory.fresh:
        with store.write() as writer:
            writer.add_verdicts([*memory.fresh.values()])
    if memory.batch is not None:
        memory.batch.settle()
    return [attempt for _, attempt in made]
