"""Why an online rule does nothing: nothing matches, nothing matches any more, or nobody came to what does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError
from otel_i2e.models import Rule
from otel_i2e.store import Store
from otel_i2e.workflows.candidates import micros
from otel_i2e.workflows.rule_rates import DAY, HOUR, RuleScorer
from otel_i2e.workflows.rules import FoundRule

__all__ = ["Coverage", "coverage_of", "why_idle"]

_WEEK: Final = timedelta(days=7)
_PATIENCE: Final = 2.0  # seconds for looking what matches; not known after that
_BLIND: Final = 0.001
"""A rule is blind when it is less likely than this, by what matched before, that nothing of the last hour matches."""
_MATCHES: Final = """
SELECT 1 FROM spans WHERE experiment_id IS NULL AND duplicate_of IS NULL AND (
{where}
) LIMIT 1
"""
_COVERED: Final = """
WITH looked AS (
    SELECT trace_id, span_id, ingested_at, CASE WHEN (
{where}
    ) THEN TRUE ELSE FALSE END AS matches
    FROM spans
    WHERE experiment_id IS NULL AND duplicate_of IS NULL AND ingested_at >= make_timestamptz($week::BIGINT)
),
dealt AS (
    SELECT DISTINCT trace_id, span_id FROM score_ledger WHERE rule = $rule AND source IN ('online', 'backfill')
),
begun AS (SELECT min(created_at) - INTERVAL 1 DAY AS since FROM score_ledger WHERE rule = $rule AND source = 'online'),
matching AS (
    SELECT l.*, d.span_id IS NOT NULL AS dealt
    FROM looked AS l LEFT JOIN dealt AS d ON d.trace_id = l.trace_id AND d.span_id = l.span_id
)
SELECT
    count(*) FILTER (ingested_at >= make_timestamptz($hour::BIGINT)) AS lately,
    count(*) FILTER (matches AND ingested_at >= make_timestamptz($hour::BIGINT)) AS matched_lately,
    count(*) FILTER (ingested_at < make_timestamptz($hour::BIGINT)) AS before,
    count(*) FILTER (matches AND ingested_at < make_timestamptz($hour::BIGINT)) AS matched_before,
    count(*) FILTER (
        matches AND ingested_at BETWEEN make_timestamptz($hour::BIGINT) AND make_timestamptz($turn::BIGINT)
    ) AS had_turn,
    count(*) FILTER (
        matches AND NOT dealt
        AND ingested_at BETWEEN make_timestamptz($day::BIGINT) AND make_timestamptz($long::BIGINT)
    ) AS waiting,
    count(*) FILTER (
        matches AND NOT dealt AND ingested_at < make_timestamptz($day::BIGINT)
        AND ingested_at >= coalesce((SELECT since FROM begun), make_timestamptz($week::BIGINT))
    ) AS passed_over
FROM matching
"""


class Coverage(NamedTuple):
    """What a rule's condition matches of the spans stored within a week, and what became of it."""

    lately: int
    """Spans stored within the last hour."""
    matched_lately: int
    """Of them, those that match."""
    before: int
    """Spans stored within the week before that hour."""
    matched_before: int
    """Of them, those that match."""
    had_turn: int
    """Matches of the last hour that were stored long enough ago for a pass to have come to them."""
    waiting: int
    """Matches stored more than an hour and less than a day ago that no pass has come to."""
    passed_over: int
    """Matches stored more than a day ago, since the rule began, that no pass came to and none will: rules look back
    one day."""


def coverage_of(settings: Settings, rule: Rule, turn: timedelta, now: datetime) -> Coverage | None:
    """The counts now; None where the store is held or the condition too slow. `turn` is how long a pass may take."""
    bounds = {"week": now - _WEEK, "day": now - DAY, "hour": now - HOUR, "turn": now - turn}
    bounds["long"] = min(bounds["hour"], bounds["turn"])
    params = {"rule": rule.name, **{name: micros(moment) for name, moment in bounds.items()}}
    rows = _asked(settings, _COVERED, rule.where, params)
    return Coverage(*rows[0]) if rows else None


def why_idle(
    settings: Settings,
    found: FoundRule,
    rule: Rule,
    row: Mapping[str, Any],
    *,
    covered: Coverage | None,
    spans: int,
    scorers: Sequence[RuleScorer],
    now: datetime,
) -> str | None:
    """One line about a rule that matches nothing or to whose matches nobody comes; None when there is nothing to say.

    `row` is the rule's of RULE_COUNTS, empty when it never tried anything; `spans` is how many are stored.
    """
    matched = covered is not None and (covered.matched_lately or covered.matched_before)
    is_mute = not row or (covered is not None and not matched)  # what it scored may have been by another condition
    if is_mute and spans and (said := _never_matched(settings, found, rule, spans)) is not None:
        return said
    if covered is None:
        return None
    latest: datetime | None = row.get("latest_score")
    if latest is None or latest < now - HOUR:
        if (said := _silent(found, rule, covered, scorers)) is not None:
            return said
        if row and _is_blind(covered):
            return (
                f"{found.place}: where = {rule.where!r} matches none of the {covered.lately:,} spans stored within the "
                f"last hour, and {covered.matched_before:,} of {covered.before:,} within the week before; has a name "
                'changed? i2e sql "select kind, name, service_name, max(ingested_at) from spans group by all"'
            )
    return _unattended(found, rule, covered)


def _is_blind(covered: Coverage) -> bool:
    share = covered.matched_before / max(covered.before, 1)
    return not covered.matched_lately and (1 - share) ** covered.lately < _BLIND


def _silent(found: FoundRule, rule: Rule, covered: Coverage, scorers: Sequence[RuleScorer]) -> str | None:
    """Said of a rule whose condition matches spans of the last hour, and that scored none of them."""
    if covered.had_turn * rule.sample < 1:
        return None
    tried = "; ".join(f"{one.scorer}: {one.line()}" for one in scorers)
    return (
        f"{found.place}: {covered.had_turn:,} spans of the last hour match and none was scored; "
        + (f"within a day {tried}; " if tried else "")
        + "i2e why SPAN tells why of one, and a pass is made by i2e score --follow or an application with ingest on"
    )


def _unattended(found: FoundRule, rule: Rule, covered: Coverage) -> str | None:
    """Said of matches that no pass came to: those that still may have one, and those that will not."""
    said: list[str] = []
    if covered.waiting:
        said.append(f"{covered.waiting:,} spans that match wait for more than an hour for a pass: i2e score --follow")
    if covered.passed_over:
        said.append(
            f"{covered.passed_over:,} spans that match were stored more than a day ago and passed over, as rules look "
            f"back one day: i2e score --rule {rule.name} --since 8d"
        )
    return f"{found.place}: {'; '.join(said)}" if said else None


def _never_matched(settings: Settings, found: FoundRule, rule: Rule, spans: int) -> str | None:
    rows = _asked(settings, _MATCHES, rule.where, {})
    if rows is None or rows:
        return None
    return (
        f"{found.place}: where = {rule.where!r} matches none of the {spans:,} spans stored; see what there is: "
        'i2e sql "select kind, name, service_name, count(*) from spans group by all"'
    )


def _asked(settings: Settings, sql: str, where: str, params: Mapping[str, Any]) -> Sequence[Sequence[Any]] | None:
    """The rows; None where the store is held or the condition too slow: not known."""
    try:
        timeout = min(_PATIENCE, settings.query_timeout)
        return Store.of(settings).query(sql.replace("{where}", where), dict(params), timeout=timeout, max_rows=1).rows
    except I2EError:
        return None
