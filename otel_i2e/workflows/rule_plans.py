"""What a pass of online scoring has to do for each rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError, QueryError, StoreError
from otel_i2e.models import Attempt, Outcome, Rule, Span, Subject
from otel_i2e.score import Scorer, Share, draw
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.attempts import Asker, Job, not_tried
from otel_i2e.workflows.budgets import Budget, Budgets, spent_by_all, spent_today
from otel_i2e.workflows.call_journal import CallJournal, Noted
from otel_i2e.workflows.candidates import Candidate, identity_of, spans_of, untried
from otel_i2e.workflows.conditions import condition_error
from otel_i2e.workflows.retries import Again, due_again
from otel_i2e.workflows.rules import rules_or_errors
from otel_i2e.workflows.scorers import judge_settings, load_all, named
from otel_i2e.workflows.strata import late_strata, strata_of
from otel_i2e.workflows.subjects import subjects_of

__all__ = ["Plan", "plan_rules"]

_LOOK_BACK: Final = timedelta(days=1)
_OVERLAP: Final = timedelta(minutes=2)
"""How far behind the last complete pass the next one begins: rows are stamped before they are committed."""
_complete_until: Final[dict[tuple[str, ...], datetime]] = {}
"""Store, rule and scorers → everything that was stored before this has been dealt with. Of this process."""


@dataclass
class Plan:
    """One rule's part of a pass."""

    name: str
    error: str | None = None
    """Why there is none, one line."""
    rule: Rule | None = None
    scorers: list[Scorer] = field(default_factory=list[Scorer])
    key: tuple[str, ...] = ()
    found: list[Candidate] = field(default_factory=list[Candidate])
    shares: dict[tuple[str, str], Share | None] = field(default_factory=dict[tuple[str, str], Share | None])
    """What each span found stands for, by trace and span id; None when the sample leaves it out."""
    waiting: int = 0
    """Spans whose trace may not be complete yet."""
    again: list[Again] = field(default_factory=list[Again])
    """Spans with attempts that broke for a passing reason and are due again."""
    is_full: bool = False
    """Whether there may be spans beyond the limit."""
    jobs: list[Job] = field(default_factory=list[Job])
    ended: list[tuple[Job, Attempt]] = field(default_factory=list[tuple[Job, Attempt]])
    """Tried, or left out for good."""

    @property
    def left(self) -> int:
        """Spans that some scorer has still to deal with."""
        done = {id(job) for job, _ in self.ended}
        return len({job.subject.span.span_id for job in self.jobs if id(job) not in done})

    def close(self, now: datetime) -> None:
        """Remember how far this process has come, once what came of the plan is stored."""
        if self.error is None and not self.is_full and not self.left:
            patience = timedelta(seconds=self.rule.quiet_max) if self.rule is not None and self.waiting else timedelta()
            _complete_until[self.key] = now - _OVERLAP - patience


def plan_rules(settings: Settings, store: Store, journal: CallJournal, *, limit: int, now: datetime) -> list[Plan]:
    """What there is to do for every rule, over at most `limit` spans each; a rule that cannot be run has its error."""
    loaded = load_all(settings)
    plans: list[Plan] = []
    for found in rules_or_errors(settings):
        try:
            if isinstance(rule := found.rule, I2EError):
                raise rule
            plans.append(_begun(rule, named(rule.scorers, loaded), settings, store, limit=limit, now=now))
        except StoreError:
            raise
        except QueryError as error:
            refused = cast("Rule", found.rule)
            own = QueryError(condition_error(settings, refused.where, "spans", error))
            plans.append(Plan(found.name, error=found.where_error(refused, own)))
        except I2EError as error:
            plans.append(Plan(found.name, error=found.error(error)))
    if store.exists():
        with store.read() as reader:
            for plan in plans:
                _add_due(reader, plan, now, limit)
    if any(plan.found or plan.again for plan in plans):
        judge = judge_settings(settings)
        with store.read() as reader:
            judges = [scorer for scorer in loaded.scorers.values() if scorer.needs_judge]
            shared = Budget(judge, spent_by_all(reader, judge, judges, now, journal.lost_by_judges()))
            for plan in plans:
                _fill(reader, plan, now, shared, journal)
    return plans


def _begun(rule: Rule, scorers: list[Scorer], settings: Settings, store: Store, *, limit: int, now: datetime) -> Plan:
    key = (str(store.path), rule.name, rule.where, *(identity_of(scorer) for scorer in scorers))
    since = max(now - _LOOK_BACK, _complete_until.get(key, now - _LOOK_BACK))
    found, waiting = untried(store, settings, rule, scorers, since=since, now=now, limit=limit)
    strata = strata_of(settings, store, rule, found, now)
    shares = {one[:2]: draw(one.trace_id, rule.sample, strata.get(one[:2])) for one in found}
    is_full = len(found) == limit
    for stratum, late in late_strata(settings, store, rule, scorers, now=now, limit=limit).items():
        found += (one for one in late if one[:2] not in shares)
        shares.update((one[:2], Share(0.0, stratum)) for one in late if one[:2] not in shares)
    return Plan(
        rule.name,
        rule=rule,
        scorers=scorers,
        key=key,
        found=found,
        shares=shares,
        waiting=waiting,
        is_full=is_full,
    )


def _add_due(reader: Reader, plan: Plan, now: datetime, limit: int) -> None:
    if plan.rule is not None:
        plan.again = due_again(reader, plan.rule, plan.scorers, since=now - _LOOK_BACK, now=now, limit=limit)


def _fill(reader: Reader, plan: Plan, now: datetime, shared: Budget, journal: CallJournal) -> None:
    """The jobs of a plan, and the spans that its sample leaves out."""
    rule, scorers = plan.rule, plan.scorers
    if rule is None or not (plan.found or plan.again):
        return
    asker = Asker("online", rule.name, shadow=rule.shadow)
    sampled = [(one, share, None) for one in plan.found if (share := plan.shares[one[:2]]) is not None]
    sampled += [(one.candidate, one.share, one.attempts) for one in plan.again]
    for candidate in plan.found:
        if plan.shares[candidate[:2]] is None:
            plan.ended += _sampled_out(candidate, scorers, asker)
    own = Budget(rule, spent_today(reader, rule, scorers, now, journal.lost_by(rule.name)))
    budget = Noted(Budgets(own, shared), journal, every=rule.daily_budget is not None)
    spans = spans_of(reader, [candidate for candidate, *_ in sampled])
    subjects = dict(zip(spans, subjects_of(reader, list(spans.values()), scorers), strict=True))
    for candidate, share, made in sampled:
        subject = subjects[candidate.trace_id, candidate.span_id]
        for scorer in scorers:
            if (identity := identity_of(scorer)) not in candidate.done:
                number = 1 if made is None else made[identity] + 1
                plan.jobs.append(Job(scorer, subject, asker, budget, share, number))


def _sampled_out(candidate: Candidate, scorers: list[Scorer], asker: Asker) -> list[tuple[Job, Attempt]]:
    subject = Subject(span=Span(trace_id=candidate.trace_id, span_id=candidate.span_id))
    due = (scorer for scorer in scorers if identity_of(scorer) not in candidate.done)
    return [(Job(scorer, subject, asker), not_tried(scorer, Outcome.SAMPLED_OUT)) for scorer in due]
