"""Online scoring: every rule over what production has stored since, once per span, scorer and version.

A pass reads what is new in one lease, runs the scorers with no lease held, and writes scores and ledger in one
lease. One process scores a store at a time; a crash loses a pass, which the next one makes again. The rules look
back one day: spans that were stored before are for a backfill.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, zip_longest
from typing import Final, NamedTuple

import portalocker

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError, ScorerError
from otel_i2e.forks import closed_in_child
from otel_i2e.models import Attempt, Outcome, Rule, Span, Subject
from otel_i2e.score import Scorer, keep
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.attempts import Asker, Job, attempt_all, not_tried, store_attempts
from otel_i2e.workflows.budgets import Budget, spent_today
from otel_i2e.workflows.candidates import Candidate, identity_of, spans_of, untried
from otel_i2e.workflows.rules import rules_or_errors
from otel_i2e.workflows.scorers import judge_settings, load_all, named
from otel_i2e.workflows.scoring_report import OnlineReport, ScoringReport, tallies
from otel_i2e.workflows.subjects import is_settled, subjects_of

__all__ = ["score_online"]

_LOOK_BACK: Final = timedelta(days=1)
_OVERLAP: Final = timedelta(minutes=2)
"""How far behind the last complete pass the next one begins: rows are stamped before they are committed."""
_QUIET: Final = timedelta(seconds=30)
"""How long a scorer that looks at the trace waits for a root span that does not come."""
_complete_until: Final[dict[tuple[str, ...], datetime]] = {}
"""Store, rule and scorers → everything that was stored before this has been dealt with. Of this process."""


class _Pass(NamedTuple):
    store: str
    limit: int
    """Spans of each rule."""
    now: datetime


@dataclass
class _Plan:
    """One rule's part of a pass."""

    rule: str
    error: str | None = None
    scorers: list[Scorer] = field(default_factory=list[Scorer])
    key: tuple[str, ...] = ()
    spans: int = 0
    is_full: bool = False
    """Whether there may be spans beyond the limit."""
    waiting: int = 0
    """Spans whose trace is not complete."""
    jobs: list[Job] = field(default_factory=list[Job])
    ended: list[tuple[Job, Attempt]] = field(default_factory=list[tuple[Job, Attempt]])
    """Tried, or left out for good."""


def score_online(
    settings: Settings, *, limit: int = 200, seconds: float = 10.0, now: datetime | None = None
) -> OnlineReport:
    """One pass of every rule over at most `limit` spans each; after `seconds` no further attempt begins.

    A rule that is not valid, names a broken scorer or fails in SQL says so in the report and stops no other.
    Raises ConfigError for the table `[judge]`, StoreLocked and StoreError.
    """
    now = now or datetime.now(UTC)
    store = Store.of(settings)
    if not settings.rules or not store.exists():
        return OnlineReport()
    judge = judge_settings(settings)
    with _alone(settings) as alone:
        if not alone:
            return OnlineReport(busy=True)
        plans = _plans(settings, store, _Pass(str(store.path), limit, now))
        by_rule = {plan.rule: plan for plan in plans}
        jobs = [job for turn in zip_longest(*(plan.jobs for plan in plans)) for job in turn if job is not None]

        def on_attempt(job: Job, attempt: Attempt) -> None:
            by_rule[job.asker.rule or ""].ended.append((job, attempt))

        if jobs:
            asyncio.run(attempt_all(jobs, judge, on_attempt, deadline=time.monotonic() + seconds))
        store_attempts(store, [*chain.from_iterable(plan.ended for plan in plans)], now)
        for plan in plans:
            if plan.error is None and not plan.is_full and _left(plan) == plan.waiting:
                _complete_until[plan.key] = now - _OVERLAP
    return OnlineReport(rules=tuple(_report(plan) for plan in plans))


def _plans(settings: Settings, store: Store, this: _Pass) -> list[_Plan]:
    loaded = load_all(settings)
    plans: list[_Plan] = []
    with store.read() as reader:
        for name, rule in rules_or_errors(settings):
            if isinstance(rule, I2EError):
                plans.append(_Plan(name, error=str(rule)))
                continue
            try:
                plans.append(_plan(reader, rule, named(rule.scorers, loaded), this))
            except ScorerError as error:
                plans.append(_Plan(name, error=f"rule {name!r}: {error}"))
            except I2EError as error:
                plans.append(_Plan(name, error=f"rule {name!r}: where = {rule.where!r}: {error}"))
    return plans


def _plan(reader: Reader, rule: Rule, scorers: list[Scorer], this: _Pass) -> _Plan:
    limit, now = this.limit, this.now
    key = (this.store, rule.name, rule.where, *(identity_of(scorer) for scorer in scorers))
    since = max(now - _LOOK_BACK, _complete_until.get(key, now - _LOOK_BACK))
    found = untried(reader, rule.where, rule.name, scorers, since=since, limit=limit)
    plan = _Plan(rule.name, scorers=scorers, key=key, spans=len(found), is_full=len(found) == limit)
    sampled = [candidate for candidate in found if keep(candidate.trace_id, rule.sample)]
    asker = Asker("online", rule.name)
    for candidate in found:
        if not keep(candidate.trace_id, rule.sample):
            plan.ended += _sampled_out(candidate, scorers, asker)
    budget = Budget(rule, spent_today(reader, rule, scorers, now))
    spans = spans_of(reader, sampled)
    subjects = subjects_of(reader, list(spans.values()), scorers)
    by_id = {(subject.span.trace_id, subject.span.span_id): subject for subject in subjects}
    for candidate in sampled:
        subject = by_id[candidate[:2]]
        due = [scorer for scorer in scorers if identity_of(scorer) not in candidate.done]
        ready = due if _is_quiet(candidate, subject, now) else [scorer for scorer in due if not scorer.needs_trace]
        plan.waiting += len(ready) < len(due)
        plan.jobs += [Job(scorer, subject, asker, budget) for scorer in ready]
    return plan


def _sampled_out(candidate: Candidate, scorers: list[Scorer], asker: Asker) -> list[tuple[Job, Attempt]]:
    subject = Subject(span=Span(trace_id=candidate.trace_id, span_id=candidate.span_id))
    due = (scorer for scorer in scorers if identity_of(scorer) not in candidate.done)
    return [(Job(scorer, subject, asker), not_tried(scorer, Outcome.SAMPLED_OUT)) for scorer in due]


def _is_quiet(candidate: Candidate, subject: Subject, now: datetime) -> bool:
    """Whether nothing more of the trace is to be expected."""
    stored = datetime.fromtimestamp(candidate.ingested_us / 1_000_000, UTC)
    return stored <= now - _QUIET or is_settled(subject.trace)


def _left(plan: _Plan) -> int:
    """Spans that some scorer has still to deal with."""
    done = {(job.subject.span.span_id, job.scorer.name) for job, _ in plan.ended}
    undone = {job.subject.span.span_id for job in plan.jobs if (job.subject.span.span_id, job.scorer.name) not in done}
    return len(undone) + plan.waiting


def _report(plan: _Plan) -> ScoringReport:
    return ScoringReport(
        rule=plan.rule,
        spans=plan.spans,
        left=_left(plan),
        tallies=tallies(plan.scorers, (attempt for _, attempt in plan.ended)),
        error=plan.error,
    )


@contextmanager
def _alone(settings: Settings) -> Generator[bool]:
    """Whether this process alone scores the store until the context ends. A crash lets go."""
    path = settings.store_path.with_name(settings.store_path.name + ".scoring")
    with path.open("a") as file:
        try:
            portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
        except portalocker.LockException:
            alone = False
        else:
            alone = True
        with closed_in_child(file):
            yield alone
