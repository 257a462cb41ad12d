"""What a pass of scoring did, per rule and scorer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from otel_i2e.models import Attempt, Contract, Outcome
from otel_i2e.score import Scorer

__all__ = ["OnlineReport", "ScorerTally", "ScoringReport", "tallies"]


_COUNTS: Final = (
    "scored",
    "passed",
    "failed",
    "not_applicable",
    "no_content",
    "sampled_out",
    "over_budget",
    "errors",
)


class ScorerTally(Contract):
    """What came of one scorer."""

    scorer: str
    """Its name."""
    version: str
    """Its version."""
    scored: int = 0
    """Scores, those without a threshold among them."""
    passed: int = 0
    """Scores that reached the threshold."""
    failed: int = 0
    """Scores that did not."""
    not_applicable: int = 0
    """Subjects that the scorer says nothing about."""
    no_content: int = 0
    """Subjects that lack what the scorer needs."""
    sampled_out: int = 0
    """Subjects that the rule's sample left out."""
    over_budget: int = 0
    """Subjects that came after the rule's budget was spent."""
    errors: int = 0
    """Attempts that broke: neither passed nor failed."""
    first_error: str | None = None
    """Why the first of them broke."""
    first_gap: str | None = None
    """What the first subject without content lacks."""
    models: tuple[str, ...] = ()
    """Models that gave its verdicts, of a judge."""
    cost_usd: float | None = None
    """US dollars, of the attempts whose cost is known; None when none is."""

    @property
    def dealt_with(self) -> int:
        """Subjects that the ledger now has a row for."""
        skipped = self.no_content + self.sampled_out + self.over_budget
        return self.scored + self.not_applicable + self.errors + skipped

    @property
    def summary(self) -> str:
        """The counts that are not zero, in words; and why the first error was one."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
        several = f" (by {len(self.models)} models: {', '.join(self.models)})" if len(self.models) > 1 else ""
        return f"{said or 'nothing'}{several}{f' ({self.first_error})' if self.first_error else ''}"


class ScoringReport(Contract):
    """One rule's part of a pass, or a backfill."""

    rule: str | None = None
    """The rule; None in a backfill."""
    spans: int = 0
    """Spans that were looked at."""
    already: int = 0
    """In a backfill: matching spans that have every score already."""
    left: int = 0
    """Spans that are left for the next time: beyond the limit of a backfill, or out of time."""
    waiting: int = 0
    """Spans of a rule whose trace may not be complete yet: the next passes look at them."""
    tallies: tuple[ScorerTally, ...] = ()
    """In order of the scorers."""
    error: str | None = None
    """Why nothing could be done, one line."""


class OnlineReport(Contract):
    """One pass over all rules."""

    rules: tuple[ScoringReport, ...] = ()
    """In order of the settings."""
    busy: bool = False
    """Another process is scoring this store; nothing was done here."""

    @property
    def attempts(self) -> int:
        """Pairs of span and scorer that were dealt with."""
        return sum(tally.dealt_with for rule in self.rules for tally in rule.tallies)


def tallies(scorers: Iterable[Scorer], attempts: Iterable[Attempt]) -> tuple[ScorerTally, ...]:
    """Counts by scorer."""
    by_name: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_name.setdefault(attempt.scorer, []).append(attempt)
    return tuple(_tally(scorer, by_name.get(scorer.name, [])) for scorer in scorers)


def _tally(scorer: Scorer, attempts: list[Attempt]) -> ScorerTally:
    count = Counter(attempt.outcome for attempt in attempts)
    costs = [attempt.cost_usd for attempt in attempts if attempt.cost_usd is not None]
    return ScorerTally(
        scorer=scorer.name,
        version=scorer.version,
        scored=count[Outcome.SCORED],
        passed=sum(attempt.passed is True for attempt in attempts),
        failed=sum(attempt.passed is False for attempt in attempts),
        not_applicable=count[Outcome.NOT_APPLICABLE],
        no_content=count[Outcome.NO_CONTENT],
        sampled_out=count[Outcome.SAMPLED_OUT],
        over_budget=count[Outcome.OVER_BUDGET],
        errors=count[Outcome.ERROR],
        first_error=_first(attempts, Outcome.ERROR),
        first_gap=_first(attempts, Outcome.NO_CONTENT),
        models=tuple(sorted({one.model for one in attempts if one.model is not None and one.score is not None})),
        cost_usd=sum(costs) if costs else None,
    )


def _first(attempts: list[Attempt], outcome: Outcome) -> str | None:
    return next((attempt.error for attempt in attempts if attempt.outcome is outcome), None)
