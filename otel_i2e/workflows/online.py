"""Online scoring: every rule over what production has stored since, once per span, scorer and version.

A pass reads what is new in one lease, runs the scorers with no lease held, and writes scores and ledger in one
lease. One process scores a store at a time. A crash loses what code has scored in the last second, which the next pass
makes again; what judges said, and calls that a budget counts, are in a journal. The rules look back one day: spans that
were stored before are for a backfill.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import chain, zip_longest
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, I2EError
from otel_i2e.models import Attempt, JudgeSettings
from otel_i2e.store import Store
from otel_i2e.workflows.attempt_rows import store_attempts
from otel_i2e.workflows.attempts import Job, attempt_all
from otel_i2e.workflows.call_journal import CallJournal
from otel_i2e.workflows.rule_plans import Plan, plan_rules
from otel_i2e.workflows.rules import rules_or_errors, workable
from otel_i2e.workflows.scorers import judge_settings, load_all
from otel_i2e.workflows.scoring_report import OnlineReport, ScoringReport, tallies
from otel_i2e.workflows.turns import turn

__all__ = ["check_rules", "score_online"]

_log = logging.getLogger("otel_i2e")
_KEEP_EVERY: Final = 1.0  # seconds
_said: Final[set[str]] = set()
"""What has been logged of broken rules: once each, not every second."""


def score_online(
    settings: Settings, *, limit: int = 1000, seconds: float = 10.0, now: datetime | None = None
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
    with turn(settings, "scoring") as alone:
        if not alone:
            return OnlineReport(busy=True)
        with closing(CallJournal(settings, now)) as journal:
            journal.settle(store)
            plans = plan_rules(settings, store, journal, limit=limit, now=now)
            _carry_out(plans, settings, judge, _Keeper(store, now, plans), seconds)
            journal.empty()
        for plan in plans:
            plan.close(now)
    report = OnlineReport(rules=tuple(_report(plan) for plan in plans))
    _tell(report)
    return report


def _carry_out(plans: list[Plan], settings: Settings, judge: JudgeSettings, keeper: _Keeper, seconds: float) -> None:
    """Make the attempts of all plans, in turn, and store what came of them."""
    by_rule = {plan.name: plan for plan in plans}
    jobs = [job for some in zip_longest(*(plan.jobs for plan in plans)) for job in some if job is not None]

    def on_attempt(job: Job, attempt: Attempt) -> None:
        by_rule[job.asker.rule or ""].ended.append((job, attempt))
        keeper.take(job, attempt)

    deadline = time.monotonic() + seconds
    if jobs:
        asyncio.run(attempt_all(jobs, judge, on_attempt, deadline=deadline, timeout=settings.scorer_timeout))
    keeper.store()


class _Keeper:
    """Stores attempts in the course of a pass, so that a kill -9 repeats a second of what code scored at most."""

    def __init__(self, store: Store, now: datetime, plans: list[Plan]) -> None:
        self._store, self._now = store, now
        self._waiting = [*chain.from_iterable(plan.ended for plan in plans)]
        self._next = time.monotonic() + _KEEP_EVERY

    def take(self, job: Job, attempt: Attempt) -> None:
        """One more; what is not stored now, because somebody holds the store, is stored later."""
        self._waiting.append((job, attempt))
        if time.monotonic() >= self._next:
            with suppress(I2EError):
                self.store()
            self._next = time.monotonic() + _KEEP_EVERY

    def store(self) -> None:
        """All that waits. Raises StoreLocked and StoreError, and then it waits on."""
        store_attempts(self._store, self._waiting, self._now)
        self._waiting = []


def check_rules(settings: Settings) -> list[str]:
    """Names of the rules that can run. Those that cannot are logged; raises the first mistake when none can."""
    loaded = load_all(settings)
    usable: list[str] = []
    mistakes: list[I2EError] = []
    for found in rules_or_errors(settings):
        try:
            workable(settings, found, loaded)
            usable.append(found.name)
        except I2EError as error:
            mistakes.append(error)
    if not usable:
        place = settings.source or "i2e.toml"
        raise mistakes[0] if mistakes else ConfigError(f"{place}: there is no rule; add a table [[rules]]")
    for error in mistakes:
        _say_once(str(error))
    return usable


def _tell(report: OnlineReport) -> None:
    for rule in report.rules:
        if rule.error is not None:
            _say_once(rule.error)
        for tally in rule.tallies:
            if tally.dealt_with:
                _log.info("rule %s: %s: %s", rule.rule, tally.scorer, tally.summary)


def _say_once(line: str) -> None:
    if line not in _said:
        _said.add(line)
        _log.warning("otel-i2e: %s; the other rules go on", line)


def _report(plan: Plan) -> ScoringReport:
    return ScoringReport(
        rule=plan.name,
        spans=len(plan.found) + len(plan.again),
        left=plan.left,
        waiting=plan.waiting,
        tallies=tallies(plan.scorers, (attempt for _, attempt in plan.ended)),
        error=plan.error,
    )
