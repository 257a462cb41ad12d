"""Each online rule as `i2e status` shows it: what it did, and why it does nothing when it does nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError
from otel_i2e.models import Contract, Rule
from otel_i2e.store import Reader
from otel_i2e.workflows.rule_coverage import coverage_of, why_idle
from otel_i2e.workflows.rule_rates import HOUR, RuleScorer, beside, rule_scorers
from otel_i2e.workflows.rules import FoundRule, rules_or_errors, workable
from otel_i2e.workflows.scorers import load_all

__all__ = ["RULE_COUNTS", "RuleStatus", "rule_statuses", "scorers_of_rules"]

RULE_COUNTS: Final = """
SELECT
  rule,
  count(*) - count(*) FILTER (attempt > 1) AS considered,
  count(*) FILTER (outcome = 'scored') AS scored,
  count(*) FILTER (outcome = 'error') - count(*) FILTER (attempt > 1) AS errors,
  max(created_at) FILTER (outcome = 'scored') AS latest_score,
  arg_max(reason, created_at) FILTER (outcome = 'error') AS latest_error
FROM score_ledger
WHERE source = 'online' AND rule IS NOT NULL
GROUP BY rule
"""
"""What the ledger has of each rule. An attempt that is made again after an error counts once, as it ended."""
_OFTEN: Final = 20
"""One score in so many that came too early is worth a warning."""
_TURN: Final = timedelta(minutes=2)
"""What was stored this shortly ago may still have its turn."""


class RuleStatus(Contract):
    """One online rule."""

    name: str
    """Its name."""
    problem: str | None = None
    """Why it cannot run, with file and line; None when it can."""
    idle: str | None = None
    """Said of a rule that could run and does not: nothing matches, or no longer; nobody comes; a scorer is silent."""
    considered: int = 0
    """Attempts in the ledger, whatever came of them."""
    scored: int = 0
    """Attempts that gave a score."""
    errors: int = 0
    """Attempts that broke."""
    latest_score: datetime | None = None
    """When it last scored, UTC."""
    latest_error: str | None = None
    """The last error's line."""
    shadow: bool = False
    """Whether it is in shadow: what it scores counts nowhere."""
    scorers: tuple[RuleScorer, ...] = ()
    """What its scorers did within a day, by version."""
    waiting: int | None = None
    """Spans that match and no pass has come to for more than an hour; None when that could not be counted in time."""
    passed_over: int | None = None
    """Those of more than a day ago and less than a week, which no pass will come to; None as above."""
    quiet: float = 0.0
    """Seconds that it waits for a trace to rest."""

    def warning(self) -> str | None:
        """What of it needs attention, one line."""
        if self.problem is None and self.errors and self.latest_error:
            broke = f"{self.errors:,} attempts broke, the last with: {self.latest_error}"
            return f"{self.idle}; {broke}" if self.idle else f"rule {self.name!r}: {broke}"
        if self.problem or self.idle:
            return self.problem or self.idle
        for one in self.scorers:
            if one.late * _OFTEN >= max(one.scored, 1):
                return (
                    f"rule {self.name!r}: {one.late:,} of {one.scored:,} scores of {one.scorer} within a day "
                    f"were made before their trace was complete; raise quiet ({self.quiet:g} s)"
                )
        return None


def scorers_of_rules(settings: Settings, reader: Reader, now: datetime) -> list[RuleScorer]:
    """What the scorers of the rules did within a day; those in shadow beside the live ones."""
    if not settings.rules:
        return []
    live = {found.name: found.rule for found in rules_or_errors(settings)}
    found = rule_scorers(reader, now)
    for place, one in enumerate(found):
        rule = live.get(one.rule)
        if isinstance(rule, Rule) and rule.shadow and one.shadow:
            found[place] = beside(reader, one, rule.beside or one.scorer)
    return found


def rule_statuses(
    settings: Settings, spans: int, counts: Mapping[str, Mapping[str, Any]], scorers: Sequence[RuleScorer] = ()
) -> Iterator[RuleStatus]:
    """Every rule of the settings; `spans` is how many are stored, `counts` the rows of RULE_COUNTS by rule.

    `scorers` is what `scorers_of_rules` gave.

    The project's scorers are loaded, to know whether they can be.
    """
    if not settings.rules:
        return
    now = datetime.now(UTC)
    try:
        loaded = load_all(settings)
    except I2EError as error:  # the table [judge]
        yield from (RuleStatus(name=found.name, problem=str(error)) for found in rules_or_errors(settings))
        return
    for found in rules_or_errors(settings):
        row = {key: value for key, value in counts.get(found.name, {}).items() if key != "rule"}
        try:
            rule, used = workable(settings, found, loaded)
        except I2EError as error:
            yield RuleStatus(name=found.name, problem=str(error), **row)
        else:
            own = tuple(one for one in scorers if (one.rule, one.shadow) == (found.name, rule.shadow))
            turn = timedelta(seconds=rule.quiet_max) if any(scorer.looks_beyond for scorer in used) else timedelta()
            covered = coverage_of(settings, rule, _TURN + turn, now) if spans else None
            idle = why_idle(settings, found, rule, row, covered=covered, spans=spans, scorers=own, now=now)
            idle = idle or _dead(found, own, now)
            yield RuleStatus(
                name=found.name,
                idle=idle,
                shadow=rule.shadow,
                scorers=own,
                quiet=rule.quiet,
                waiting=covered.waiting if covered else None,
                passed_over=covered.passed_over if covered else None,
                **row,
            )


def _dead(found: FoundRule, scorers: Sequence[RuleScorer], now: datetime) -> str | None:
    """Said of the scorers that gave nothing in the last hour, and should have, beside others of the rule that did."""
    said: list[str] = []
    for name in dict.fromkeys(one.scorer for one in scorers):
        versions = [one for one in scorers if one.scorer == name]
        missed = sum(one.missed_lately for one in versions)
        if missed and all(one.latest_score is None or one.latest_score < now - HOUR for one in versions):
            said.append(f"{name} scored none of {missed:,} spans; within a day {versions[0].line()}")
    if not said:
        return None
    return f"{found.place}: in the last hour {'; '.join(said)}; i2e why SPAN tells why of one"
