"""Daily budgets of a rule, and of all rules together: calls, and US dollars only known once they are spent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from otel_i2e.models import Attempt, JudgeSettings, Outcome, Rule
from otel_i2e.score import Scorer
from otel_i2e.store import Reader
from otel_i2e.workflows.candidates import micros

__all__ = ["Budget", "Budgets", "Lost", "Spent", "spent_by_all", "spent_today"]

_SPENT: Final = """
SELECT count(*) AS calls,
       coalesce(sum(cost_usd), 0) AS usd,
       coalesce(max(cost_usd), 0) AS highest,
       count(*) FILTER (
           WHERE cost_usd IS NULL AND outcome IN ('scored', 'not_applicable')
             AND list_contains($judges::VARCHAR[], scorer)
       ) AS unpriced
FROM score_ledger
WHERE source = 'online' AND (rule = $rule OR ($rule IS NULL AND (
    list_contains($judges::VARCHAR[], scorer)
    OR (NOT list_contains($others::VARCHAR[], scorer)
        AND scorer IN (SELECT scorer FROM scorer_identities WHERE kind = 'judge')))))
  AND created_at >= make_timestamptz($today::BIGINT)
  AND outcome IN ('scored', 'not_applicable', 'error')
"""


class Spent(NamedTuple):
    """What a rule has spent today (UTC)."""

    calls: int = 0
    """Attempts that were made."""
    usd: float = 0.0
    """US dollars."""
    unpriced: int = 0
    """Verdicts of a judge whose price is not known."""


class Lost(NamedTuple):
    """Calls of today that began in a process that was killed: the ledger does not know of them."""

    calls: int = 0
    """All of them."""
    judged: int = 0
    """Those that asked a judge. Nobody knows what one cost: it counts with the highest cost of the day."""


_NONE: Final = Lost()


def spent_today(reader: Reader, rule: Rule, scorers: Iterable[Scorer], now: datetime, lost: Lost = _NONE) -> Spent:
    """What the ledger says of the rule since midnight UTC, and its lost calls."""
    if rule.daily_budget is None and rule.daily_budget_usd is None:
        return Spent()
    return _spent(reader, rule.name, scorers, now, lost)


def spent_by_all(
    reader: Reader, judge: JudgeSettings, scorers: Iterable[Scorer], now: datetime, lost: Lost = _NONE
) -> Spent:
    """The same over all rules: of the judges among `scorers`, and of those that were asked today and are no more."""
    if judge.daily_budget is None and judge.daily_budget_usd is None:
        return Spent()
    return _spent(reader, None, scorers, now, lost)


def _spent(reader: Reader, rule: str | None, scorers: Iterable[Scorer], now: datetime, lost: Lost) -> Spent:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    names: dict[bool, list[str]] = {True: [], False: []}
    for scorer in scorers:
        names[scorer.needs_judge].append(scorer.name)
    params = {"rule": rule, "today": micros(today), "judges": names[True], "others": names[False]}
    (row,) = reader.rows(_SPENT, params)
    return Spent(row["calls"] + lost.calls, row["usd"] + lost.judged * row["highest"], row["unpriced"])


class Budget:
    """Lets attempts go ahead while both budgets of a rule last. For one event loop.

    What a verdict will cost is not known before it is there. Until one has come, only one is asked for; from
    then on every question in flight is counted with the highest cost seen. So the dollars are overspent by one
    verdict at most, and by as much as a verdict costs more than every one before it.
    """

    def __init__(self, rule: Rule | JudgeSettings, spent: Spent) -> None:
        self._rule = rule
        self._whose = "the rule's budget" if isinstance(rule, Rule) else "the budget of [judge]"
        self._calls, self._usd, self._unpriced = spent
        self._highest: float | None = None
        self._in_flight = 0
        self._settled = asyncio.Event()

    async def take(self, scorer: Scorer) -> str | None:
        """None to go ahead; else which budget is spent."""
        usd = self._rule.daily_budget_usd if scorer.needs_judge else None
        if usd is not None:
            while self._in_flight and not self._is_certain(usd):
                self._settled.clear()
                await self._settled.wait()
            if self._unpriced:
                return f"the judge's price is not known, so {self._whose} of ${usd:g} a day cannot be kept"
            if self._usd >= usd:
                return f"{self._whose} of ${usd:g} a day is spent"
        limit = self._rule.daily_budget
        if limit is not None and self._calls >= limit:
            return f"{self._whose} of {limit} calls a day is spent"
        self._calls += 1
        self._in_flight += scorer.needs_judge
        return None

    def settle(self, scorer: Scorer, attempt: Attempt) -> None:
        """Count what an attempt cost; one that found nothing to score gives its call back."""
        self._calls -= attempt.outcome is Outcome.NO_CONTENT
        if not scorer.needs_judge:
            return
        self._in_flight -= 1
        if attempt.cost_usd is not None:
            self._usd += attempt.cost_usd
            self._highest = max(self._highest or 0.0, attempt.cost_usd)
        elif attempt.model is not None:
            self._unpriced += 1
        self._settled.set()

    def give_back(self, scorer: Scorer) -> None:
        """An attempt that was let go ahead here, and is not made after all."""
        self._calls -= 1
        self._in_flight -= scorer.needs_judge
        self._settled.set()

    def _is_certain(self, usd: float) -> bool:
        """Whether there is money for one more, whatever those in flight will cost by experience."""
        return self._highest is not None and self._usd + self._in_flight * self._highest < usd


class Budgets:
    """A rule's own budget, and for judges the one that all rules share."""

    def __init__(self, own: Budget, shared: Budget) -> None:
        self._own = own
        self._shared = shared

    async def take(self, scorer: Scorer) -> str | None:
        """None to go ahead; else which budget is spent. What one refuses is not counted by the other."""
        refusal = await self._own.take(scorer)
        if refusal is not None or not scorer.needs_judge:
            return refusal
        refusal = await self._shared.take(scorer)
        if refusal is not None:
            self._own.give_back(scorer)
        return refusal

    def settle(self, scorer: Scorer, attempt: Attempt) -> None:
        """Count what an attempt cost."""
        self._own.settle(scorer, attempt)
        if scorer.needs_judge:
            self._shared.settle(scorer, attempt)
