"""Scoring what is stored, on demand: a condition, a span, a trace, a conversation, or all that a rule matches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import QueryError, UsageError
from otel_i2e.models import Attempt, Subject
from otel_i2e.score import Scorer, Share
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.attempt_rows import store_attempts
from otel_i2e.workflows.attempts import Asker, Job, attempt_all
from otel_i2e.workflows.batching import Batching
from otel_i2e.workflows.candidates import (
    Candidate,
    counted,
    drawn_shares,
    identity_of,
    scored_by,
    spans_of,
    unscored,
)
from otel_i2e.workflows.conditions import check_condition, condition_error
from otel_i2e.workflows.rules import rules_or_errors, workable
from otel_i2e.workflows.scorers import judge_settings, load_all, named
from otel_i2e.workflows.scoring_report import ScoringReport, tallies
from otel_i2e.workflows.subjects import subjects_of
from otel_i2e.workflows.turns import turn
from otel_i2e.workflows.verdicts import Memory, recall

__all__ = ["score_rule", "score_where"]

_ASKER: Final = Asker("backfill")
_CHUNK: Final = 200
"""Spans that are read, scored and stored together, to begin with."""
_LARGEST_CHUNK: Final = 1600
_SECONDS: Final = 1.0
"""A chunk that takes less makes room for a larger one: a crash loses some seconds' work at most, or a chunk."""
_BATCH: Final = 5000
"""The same where judges are asked by batches, whose answers a crash does not lose."""


class _Work(NamedTuple):
    """What is scored with what, for whom."""

    settings: Settings
    store: Store
    where: str
    place: str
    scorers: list[Scorer]
    asker: Asker
    memory: Memory


def score_rule(
    settings: Settings,
    rule: str,
    where: str | None = None,
    *,
    limit: int = 1000,
    since: datetime | None = None,
    dry_run: bool = False,
    cache: bool = True,
    batch: Callable[[str], None] | None = None,
    on_span: Callable[[int, int], None] | None = None,
) -> ScoringReport:
    """As `score_where`, with all that a rule matches and its scorers, whatever its sample, budget and age say.

    `where` narrows it. The scores carry the rule; those of a rule in shadow stay in shadow. Raises UsageError for a
    name that no rule has, ConfigError for a rule that cannot run.
    """
    found = {one.name: one for one in rules_or_errors(settings)}
    if rule not in found:
        raise UsageError(f"--rule {rule!r}: there is no such rule; there are {', '.join(found) or 'none'}")
    table, scorers = workable(settings, found[rule], load_all(settings))
    both = table.where if where is None else f"({table.where}\n) AND ({check_condition(where, '--where')}\n)"
    asker = Asker("backfill", table.name, shadow=table.shadow)
    work = _Work(settings, Store.of(settings), both, f"rule {rule!r}", scorers, asker, Memory())
    return _run(work, limit=limit, since=since, dry_run=dry_run, cache=cache, batch=batch, on_span=on_span)


def score_where(
    settings: Settings,
    where: str,
    scorer_names: Sequence[str],
    *,
    limit: int = 1000,
    since: datetime | None = None,
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
    work = _Work(settings, Store.of(settings), where, f"--where {where!r}", scorers, _ASKER, Memory())
    return _run(work, limit=limit, since=since, dry_run=dry_run, cache=cache, batch=batch, on_span=on_span)


def _run(
    work: _Work,
    *,
    limit: int,
    since: datetime | None,
    dry_run: bool,
    cache: bool,
    batch: Callable[[str], None] | None,
    on_span: Callable[[int, int], None] | None,
) -> ScoringReport:
    begin = since if since is not None else datetime.fromtimestamp(0, UTC)
    spans, complete, found = _found(work, begin, limit)
    attempts: list[Attempt] = []
    if found and not dry_run and any(scorer.needs_judge for scorer in work.scorers):
        work = work._replace(memory=recall(work.settings, cache=cache))
    if batch is not None:
        work.memory.batch = Batching(work.settings, judge_settings(work.settings), batch)
    size, done = (_CHUNK if batch is None else _BATCH), 0
    while done < len(found) and not dry_run:
        began = time.monotonic()
        chunk = found[done : done + size]
        with turn(work.settings, "backfill", wait=True) if batch is None else nullcontext():
            attempts += _score(work, chunk)
        done += len(chunk)
        if on_span is not None:
            on_span(done, len(found))
        size = _next(size, time.monotonic() - began) if batch is None else size
    looked_at = 0 if dry_run else len(found)
    return ScoringReport(
        rule=work.asker.rule,
        spans=looked_at,
        already=complete,
        left=spans - complete - looked_at,
        tallies=tallies(work.scorers, attempts),
    )


def _next(size: int, seconds: float) -> int:
    """Spans of the next chunk, when the last one took so long: opening the store costs as much as scoring many."""
    return max(_CHUNK, min(_LARGEST_CHUNK, size * 2 if seconds < _SECONDS else size // 2))


def _found(work: _Work, begin: datetime, limit: int) -> tuple[int, int, list[Candidate]]:
    """How many spans match, how many are complete, and those to score."""
    settings, store, where, shadow = work.settings, work.store, work.where, work.asker.shadow
    try:
        spans, complete = counted(store, settings, where, work.scorers, since=begin, shadow=shadow)
        found = unscored(store, settings, where, work.scorers, since=begin, limit=limit, shadow=shadow)
    except QueryError as error:
        raise QueryError(f"{work.place}: {condition_error(settings, where, 'spans', error)}") from None
    return spans, complete, found


def _score(work: _Work, chunk: list[Candidate]) -> list[Attempt]:
    with work.store.read() as reader:
        jobs = _jobs(reader, work, chunk)
    made: list[tuple[Job, Attempt]] = []

    def keep(job: Job, attempt: Attempt) -> None:
        made.append((job, attempt))

    settings, memory = work.settings, work.memory
    asyncio.run(attempt_all(jobs, judge_settings(settings), keep, memory=memory, timeout=settings.scorer_timeout))
    if memory.batch is None:
        store_attempts(work.store, made)
    else:  # nobody else was held up while the batch was waited for
        with turn(settings, "backfill", wait=True):
            made = _unscored_still(work, made)
            store_attempts(work.store, made)
    if memory.fresh:
        with work.store.write() as writer:
            writer.add_verdicts([*memory.fresh.values()])
    if memory.batch is not None:
        memory.batch.settle()
    return [attempt for _, attempt in made]


def _unscored_still(work: _Work, made: list[tuple[Job, Attempt]]) -> list[tuple[Job, Attempt]]:
    """Without what another backfill has scored meanwhile."""
    keys = {(job.subject.span.trace_id, job.subject.span.span_id) for job, _ in made}
    with work.store.read() as reader:
        done = scored_by(reader, [*keys], shadow=work.asker.shadow)
    return [(job, attempt) for job, attempt in made if _identity(job.subject, job.scorer) not in done]


def _identity(subject: Subject, scorer: Scorer) -> tuple[str, str, str]:
    return subject.span.trace_id, subject.span.span_id, identity_of(scorer)


def _jobs(reader: Reader, work: _Work, chunk: list[Candidate]) -> list[Job]:
    """What is to be done still: another backfill may have been at it since the spans were listed."""
    keys, shadow = [candidate[:2] for candidate in chunk], work.asker.shadow
    done, drawn = scored_by(reader, keys, shadow=shadow), drawn_shares(reader, keys, shadow=shadow)
    spans = list(spans_of(reader, chunk).values())
    return [
        Job(scorer, subject, work.asker, share=drawn.get(identity, Share()))
        for subject in subjects_of(reader, spans, work.scorers)
        for scorer in work.scorers
        if (identity := _identity(subject, scorer)) not in done
    ]
