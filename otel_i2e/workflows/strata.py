"""What a rule scores whatever its sample says: traces with errors, bad feedback or rare prompts, and own conditions.

Whether a span belongs to one of them may not depend on the draw, or the weights would be wrong: each is said by what is
stored, whoever asks. The answer is fixed in the ledger when the span has its turn. What becomes known of a trace after
it was left out is scored all the same, with weight 0: other traces were drawn to stand for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, QueryError
from otel_i2e.models import STRATA, Rule
from otel_i2e.score import Scorer
from otel_i2e.store import Store
from otel_i2e.workflows.candidates import Candidate, candidates_of, identities_of, micros
from otel_i2e.workflows.conditions import check_columns

__all__ = ["check_keep", "late_strata", "strata_of"]

_DAY: Final = timedelta(days=1)
_WANTED: Final = """
wanted AS (
    SELECT key[1] AS trace_id, key[2] AS span_id FROM (SELECT unnest(from_json($keys, '[["VARCHAR"]]')) AS key)
)"""
_ERRORS: Final = """
SELECT trace_id FROM span_rows
WHERE status = 'error' AND start_time >= make_timestamptz($near::BIGINT)
"""
_NEGATIVE: Final = """
SELECT trace_id FROM scores
WHERE source = 'user' AND (passed = false OR (passed IS NULL AND value < 0.5))
"""
# The first to arrive of each prompt version, by UTC day. A trace has the versions of all its spans.
_RARE: Final = """
SELECT trace_id FROM (
    SELECT trace_id, row_number() OVER (
        PARTITION BY prompt_name, prompt_version, epoch_us(came) // 86400000000 ORDER BY came, trace_id
    ) AS nth
    FROM (
        SELECT trace_id, prompt_name, prompt_version, min(ingested_at) AS came
        FROM span_rows
        WHERE prompt_version IS NOT NULL AND experiment_id IS NULL AND ingested_at >= make_timestamptz($day::BIGINT)
        GROUP BY ALL
    )
)
WHERE nth <= $rare
"""
_NAMED: Final[dict[str, str]] = dict(zip(STRATA, (_ERRORS, _NEGATIVE, _RARE), strict=True))
_BY_TRACE: Final = "SELECT trace_id, span_id, {place} AS place FROM wanted WHERE trace_id IN ({traces})"
_BY_SPAN: Final = """
SELECT trace_id, span_id, {place} AS place
FROM (
    SELECT trace_id, span_id FROM spans
    WHERE start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
      AND span_id IN (SELECT unnest($span_ids::VARCHAR[]))
      AND (
{where}
      )
)"""
# What was left out, and is known to be a complaint or an error by now.
_LATE: Final = """
WITH ledger AS (
    SELECT trace_id, span_id, scorer || '@' || scorer_version AS identity,
        arg_max(outcome, created_at) AS outcome, count(*) AS rows
    FROM score_ledger
    WHERE rule = $rule AND trace_id IN ({traces})
    GROUP BY ALL
),
left_out AS (
    SELECT trace_id, span_id, list(identity) AS identities
    FROM ledger
    WHERE outcome = 'sampled_out' AND rows = 1 AND list_contains($identities::VARCHAR[], identity)
    GROUP BY ALL
)
SELECT l.trace_id, l.span_id, epoch_us(s.start_time) AS start_us, l.identities
FROM left_out AS l
JOIN span_rows AS s ON s.trace_id = l.trace_id AND s.span_id = l.span_id
ORDER BY start_us, l.span_id
LIMIT $limit
"""


def strata_of(
    settings: Settings, store: Store, rule: Rule, candidates: Sequence[Candidate], now: datetime
) -> dict[tuple[str, str], str]:
    """Which of the rule's `keep` each span belongs to, the first of them, by trace and span id.

    Nothing is looked up for a rule that samples nothing. Raises ConfigError for a condition of `keep`.
    """
    if rule.sample >= 1 or not candidates or not rule.keep:
        return {}
    params = _params(rule, candidates, now)
    parts = [_part(rule.keep, place) for place in range(len(rule.keep))]
    sql = f"WITH {_WANTED}\nSELECT trace_id, span_id, min(place) FROM ({' UNION ALL '.join(parts)}) GROUP BY ALL"
    try:
        found = store.query(sql, params, timeout=settings.query_timeout, max_rows=len(candidates))
    except QueryError as error:
        raise ConfigError(_which(settings, rule, error)) from None
    return {(trace_id, span_id): rule.keep[place] for trace_id, span_id, place in found.rows}


def check_keep(settings: Settings, rule: Rule) -> None:
    """Hold the conditions of `keep` to the columns of `spans`, without a store. ConfigError names the condition."""
    for one in rule.keep:
        if one not in STRATA:
            try:
                check_columns(settings, one, "spans")
            except QueryError as error:
                raise ConfigError(f"keep = {one!r}: {error}") from None


def late_strata(
    settings: Settings, store: Store, rule: Rule, scorers: Sequence[Scorer], *, now: datetime, limit: int
) -> dict[str, list[Candidate]]:
    """Stratum → spans that the sample left out before it was known that they belong to it, the earliest first.

    A bad rating often comes after its trace had its turn. What was known more than a day ago is not looked for.
    """
    since = now - _DAY
    traces = {
        "errors": f"{_ERRORS} AND ingested_at >= make_timestamptz($since::BIGINT)",
        "negative_feedback": f"{_NEGATIVE} AND created_at >= make_timestamptz($since::BIGINT)",
    }
    params = {
        "rule": rule.name,
        "since": micros(since),
        "near": micros(since - _DAY),
        "identities": identities_of(scorers),
        "limit": limit,
    }
    if rule.sample >= 1:
        return {}
    every = frozenset(identities_of(scorers))
    found: dict[str, list[Candidate]] = {}
    for stratum in (name for name in traces if name in rule.keep):
        sql = _LATE.format(traces=traces[stratum])
        late = candidates_of(store.query(sql, params, timeout=settings.query_timeout, max_rows=limit))
        found[stratum] = [one._replace(done=every - one.done) for one in late]
    return found


def _part(keep: Sequence[str], place: int) -> str:
    named = _NAMED.get(keep[place])
    if named is not None:
        return _BY_TRACE.format(place=place, traces=named)
    return _BY_SPAN.replace("{place}", str(place)).replace("{where}", keep[place])


def _params(rule: Rule, candidates: Sequence[Candidate], now: datetime) -> Mapping[str, Any]:
    starts = [candidate.start_us for candidate in candidates]
    yesterday = (now.astimezone(UTC) - _DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "keys": json.dumps([candidate[:2] for candidate in candidates]),
        "span_ids": [candidate.span_id for candidate in candidates],
        "first": min(starts),
        "last": max(starts),
        "near": min(starts) - _DAY // timedelta(microseconds=1),
        "day": micros(yesterday),
        "rare": rule.rare,
    }


def _which(settings: Settings, rule: Rule, error: QueryError) -> str:
    """Which condition of `keep` the store refuses, and why."""
    try:
        check_keep(settings, rule)
    except ConfigError as own:
        return str(own)
    return f"keep = {rule.keep!r}: {error}"
