"""Which stored spans are still to be scored. Reads only what tells: ids, times, and what was tried already."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.models import QueryResult, Rule, Span
from otel_i2e.score import Scorer, Share
from otel_i2e.store import Reader, Store

__all__ = [
    "Candidate",
    "candidates_of",
    "counted",
    "drawn_shares",
    "identities_of",
    "identity_of",
    "micros",
    "scored_by",
    "spans_of",
    "unscored",
    "untried",
]

# The condition stands in a query of its own, so that it sees the columns of `spans` and nothing of ours.
# A span that repeats another's call would be scored twice; one of an experiment is scored by the evaluation.
# An attempt on a row that repeats the call was one on the call. One that found no content settles what had been told by
# then: it is due again when log records or a row that repeats the call have told more. Attempts on what came
# long after its call are looked up in all of the ledger, and only where there is such a row.
_UNTRIED: Final = """
WITH changed AS MATERIALIZED (
    SELECT trace_id, span_id, coalesce(duplicate_trace_id, trace_id) AS call_trace_id,
        coalesce(duplicate_of, span_id) AS call_span_id, duplicate_of IS NOT NULL AS repeats, ingested_at, changed_at
    FROM span_rows WHERE changed_at >= make_timestamptz($since::BIGINT)
    UNION ALL
    SELECT trace_id, span_id, coalesce(duplicate_trace_id, trace_id), duplicate_of, TRUE, ingested_at, changed_at
    FROM span_rows
    WHERE duplicate_of IS NOT NULL AND ingested_at >= make_timestamptz($since::BIGINT)
      AND coalesce(changed_at < make_timestamptz($since::BIGINT), TRUE)
),
told AS MATERIALIZED (
    SELECT call_trace_id AS trace_id, call_span_id AS span_id,
        max(CASE WHEN repeats THEN greatest(ingested_at, changed_at) ELSE changed_at END) AS told_at
    FROM changed GROUP BY ALL
),
far AS MATERIALIZED (
    SELECT trace_id, span_id FROM told
    ANTI JOIN (SELECT trace_id, span_id FROM span_rows WHERE ingested_at >= make_timestamptz($before::BIGINT)) AS recent
        USING (trace_id, span_id)
),
matching AS MATERIALIZED (
    SELECT trace_id, span_id, start_time, ingested_at
    FROM spans
    WHERE ingested_at >= make_timestamptz($before::BIGINT)
      AND (
        ingested_at >= make_timestamptz($since::BIGINT)
        OR (trace_id, span_id) IN (SELECT (trace_id, span_id) FROM told)
      )
      AND experiment_id IS NULL AND duplicate_of IS NULL
      AND (
{where}
      )
    UNION ALL
    SELECT trace_id, span_id, start_time, ingested_at
    FROM (FROM spans SEMI JOIN far USING (trace_id, span_id)) AS spans
    WHERE experiment_id IS NULL AND duplicate_of IS NULL
      AND (
{where}
      )
),
moved AS MATERIALIZED (
    SELECT c.trace_id, c.span_id, c.call_trace_id, c.call_span_id, c.ingested_at, m.ingested_at AS call_at
    FROM changed AS c JOIN matching AS m ON m.trace_id = c.call_trace_id AND m.span_id = c.call_span_id
    WHERE c.repeats
),
earlier AS (
    SELECT trace_id, span_id, call_trace_id, call_span_id, call_at FROM moved
    WHERE ingested_at < make_timestamptz($before::BIGINT)
    UNION ALL
    SELECT trace_id, span_id, trace_id, span_id, NULL FROM far
),
tries AS (
    SELECT coalesce(call_trace_id, trace_id) AS trace_id, coalesce(call_span_id, span_id) AS span_id, call_at,
        scorer || '@' || scorer_version AS identity, outcome, created_at
    FROM score_ledger LEFT JOIN moved USING (trace_id, span_id)
    WHERE source IN ('online', 'backfill') AND rule = $rule AND created_at >= make_timestamptz($before::BIGINT)
{earlier}),
tried AS (
    SELECT trace_id, span_id, list(identity) AS identities
    FROM tries LEFT JOIN told USING (trace_id, span_id)
    WHERE outcome <> 'no_content' OR coalesce(created_at >= greatest(call_at, told_at), TRUE)
    GROUP BY trace_id, span_id
),
due AS (
    SELECT m.*, tried.identities
    FROM matching m LEFT JOIN tried ON tried.trace_id = m.trace_id AND tried.span_id = m.span_id
    WHERE tried.identities IS NULL OR NOT list_has_all(tried.identities, $identities::VARCHAR[])
),
complete AS (
    SELECT trace_id FROM span_rows
    WHERE $waits AND ingested_at >= make_timestamptz($day::BIGINT) AND trace_id IN (SELECT trace_id FROM due)
    GROUP BY trace_id
    HAVING max(ingested_at) <= make_timestamptz($quiet::BIGINT) AND bool_or(parent_span_id IS NULL)
)
SELECT trace_id, span_id, epoch_us(start_time) AS start_us, identities,
    NOT $waits OR ingested_at <= make_timestamptz($patience::BIGINT) OR trace_id IN (SELECT trace_id FROM complete)
        AS ready
FROM due
ORDER BY ready DESC, ingested_at, span_id
LIMIT $limit
"""

_EARLIER: Final = """
    UNION ALL
    SELECT call_trace_id, call_span_id, call_at, scorer || '@' || scorer_version, outcome, created_at
    FROM score_ledger JOIN earlier USING (trace_id, span_id)
    WHERE source IN ('online', 'backfill') AND rule = $rule AND created_at < make_timestamptz($before::BIGINT)
"""
_ANY_EARLIER: Final = (
    _UNTRIED[: _UNTRIED.index("matching AS")].rstrip().rstrip(",")
    + " SELECT 1 FROM far UNION ALL SELECT 1 FROM changed WHERE ingested_at < make_timestamptz($before::BIGINT) LIMIT 1"
)

# What a person asks for: from the latest back, passing over what has a score of this version already.
_MATCHING: Final = """
WITH scored AS (
    SELECT trace_id, span_id, list(name || '@' || scorer_version) AS identities
    FROM {call_scores}
    WHERE source IN ('online', 'backfill') AND list_contains($identities::VARCHAR[], name || '@' || scorer_version)
    GROUP BY trace_id, span_id
),
matching AS (
    SELECT trace_id, span_id, start_time, ingested_at
    FROM spans
    WHERE start_time >= make_timestamptz($since::BIGINT)
      AND experiment_id IS NULL AND duplicate_of IS NULL
      AND (
{where}
      )
),
judged AS (
    SELECT m.*, scored.identities, coalesce(list_has_all(scored.identities, $identities::VARCHAR[]), FALSE) AS complete
    FROM matching m LEFT JOIN scored ON scored.trace_id = m.trace_id AND scored.span_id = m.span_id
)
"""
_UNSCORED: Final = f"""{_MATCHING}
SELECT trace_id, span_id, epoch_us(start_time) AS start_us, identities
FROM judged
WHERE NOT complete
ORDER BY start_time DESC, span_id
LIMIT $limit
"""
_COUNTED: Final = f"{_MATCHING} SELECT count(*) AS spans, count(*) FILTER (WHERE complete) AS complete FROM judged"

_SCORED: Final = """
SELECT DISTINCT trace_id, span_id, name || '@' || scorer_version AS identity FROM {call_scores}
SEMI JOIN (SELECT unnest(from_json($keys, '[["VARCHAR"]]')) AS key) AS sent
    ON sent.key[1] = trace_id AND sent.key[2] = span_id
WHERE source IN ('online', 'backfill')
"""
# Samples are nested: of what several rules drew, the largest sample says what a span stands for, as in `rated_scores`.
_DRAWN: Final = """
SELECT trace_id, span_id, scorer || '@' || scorer_version AS identity,
    coalesce(min(weight) FILTER (weight > 0), 0) AS weight, arg_min(stratum, weight) FILTER (weight > 0) AS stratum
FROM call_ledger
SEMI JOIN (SELECT unnest(from_json($keys, '[["VARCHAR"]]')) AS key) AS sent
    ON sent.key[1] = trace_id AND sent.key[2] = span_id
WHERE source = 'online' AND coalesce(shadow, FALSE) = $shadow AND (weight IS NOT NULL OR outcome = 'sampled_out')
GROUP BY ALL
"""
_LEFT_OUT: Final = "backfill"
"""Stratum of a span that a rule's sample left out and a person asked for: others were drawn to stand for it."""
_DAY: Final = timedelta(days=1)
_APART: Final = timedelta(minutes=10)
"""How far apart rows of one call commonly come."""
_WITH_IDS: Final = """
start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
AND span_id IN (SELECT unnest($span_ids::VARCHAR[]))
"""


class Candidate(NamedTuple):
    """A span that matches a condition."""

    trace_id: str
    """Its trace."""
    span_id: str
    """Its id."""
    start_us: int
    """Start, microseconds since the epoch."""
    done: frozenset[str]
    """Identities of the scorers that have dealt with it."""


def identity_of(scorer: Scorer) -> str:
    """Name and version: what the ledger and the scores tell apart."""
    return f"{scorer.name}@{scorer.version}"


def untried(
    store: Store,
    settings: Settings,
    rule: Rule,
    scorers: Sequence[Scorer],
    *,
    since: datetime,
    now: datetime,
    limit: int,
) -> tuple[list[Candidate], int]:
    """Spans stored since `since` that a rule has not dealt with, the earliest first; how many wait for their trace.

    Both are `limit` at most. Where a scorer looks beyond its span, the span waits until the root of its trace is there
    and no span of the trace was stored for `quiet` seconds, or until it has waited for `quiet_max` seconds.
    The rule's condition has passed `check_condition`; it runs as a user's query does: read-only, with a time limit.
    Raises QueryError, StoreLocked and StoreError.
    """
    params = {
        "rule": rule.name,
        "since": micros(since),
        "before": micros(since - _APART),
        "day": micros(now - _DAY),
        "quiet": micros(now - timedelta(seconds=rule.quiet)),
        "patience": micros(now - timedelta(seconds=rule.quiet_max)),
        "waits": any(scorer.looks_beyond for scorer in scorers),
        "limit": limit,
        "identities": identities_of(scorers),
    }
    with store.read() as reader:
        earlier = _EARLIER if reader.rows(_ANY_EARLIER, params) else ""
    rows = _asked(store, settings, _UNTRIED.replace("{earlier}", earlier), rule.where, params).rows
    found = [_candidate(*row[:4]) for row in rows if row[4]]
    return found, len(rows) - len(found)


def unscored(
    store: Store,
    settings: Settings,
    where: str,
    scorers: Iterable[Scorer],
    *,
    since: datetime,
    limit: int,
    shadow: bool = False,
) -> list[Candidate]:
    """Spans started since `since` that lack a score of one of these versions, the latest first, `limit` at most."""
    params = {"since": micros(since), "limit": limit, "identities": identities_of(scorers)}
    return candidates_of(_asked(store, settings, _in(_UNSCORED, shadow=shadow), where, params))


def counted(
    store: Store, settings: Settings, where: str, scorers: Iterable[Scorer], *, since: datetime, shadow: bool = False
) -> tuple[int, int]:
    """How many spans match, and how many of them have every one of these scores."""
    params = {"since": micros(since), "identities": identities_of(scorers)}
    ((spans, complete),) = _asked(store, settings, _in(_COUNTED, shadow=shadow), where, params).rows
    return spans, complete


def scored_by(reader: Reader, keys: Collection[tuple[str, str]], *, shadow: bool = False) -> set[tuple[str, str, str]]:
    """Of these spans, by trace and span id, which scorers (name and version) have scored them in production."""
    rows = reader.rows(_in(_SCORED, shadow=shadow), {"keys": json.dumps(list(keys))})
    return {(row["trace_id"], row["span_id"], row["identity"]) for row in rows}


def drawn_shares(
    reader: Reader, keys: Collection[tuple[str, str]], *, shadow: bool = False
) -> dict[tuple[str, str, str], Share]:
    """What each of these spans stands for, by scorer, where rules drew it or left it out."""
    rows = reader.rows(_DRAWN, {"keys": json.dumps(list(keys)), "shadow": shadow})
    return {(row["trace_id"], row["span_id"], row["identity"]): _share(row["weight"], row["stratum"]) for row in rows}


def _share(weight: float, stratum: str | None) -> Share:
    return Share(weight, stratum) if weight else Share(0.0, _LEFT_OUT)


def _in(sql: str, *, shadow: bool) -> str:
    return sql.replace("{call_scores}", "call_shadow_scores" if shadow else "call_scores")


def spans_of(reader: Reader, candidates: Collection[Candidate]) -> dict[tuple[str, str], Span]:
    """The spans themselves, by trace and span id."""
    if not candidates:
        return {}
    starts = [candidate.start_us for candidate in candidates]
    bounds = {"first": min(starts), "last": max(starts), "span_ids": [candidate.span_id for candidate in candidates]}
    found = {(span.trace_id, span.span_id): span for span in reader.spans(_WITH_IDS, bounds)}
    return {key: found[key] for one in candidates if (key := one[:2]) in found}


def identities_of(scorers: Iterable[Scorer]) -> list[str]:
    """Those of several."""
    return [identity_of(scorer) for scorer in scorers]


def _asked(store: Store, settings: Settings, sql: str, where: str, params: Mapping[str, Any]) -> QueryResult:
    most = params.get("limit", 1)
    return store.query(sql.replace("{where}", where), params, timeout=settings.query_timeout, max_rows=most)


def candidates_of(result: QueryResult) -> list[Candidate]:
    """The rows of a query as candidates: trace, span, start, identities that are done."""
    return [_candidate(*row) for row in result.rows]


def _candidate(trace_id: str, span_id: str, start_us: int, identities: Iterable[str] | None) -> Candidate:
    return Candidate(trace_id, span_id, start_us, frozenset(identities or ()))


def micros(moment: datetime) -> int:
    """Microseconds since the epoch, as our SQL takes a moment."""
    return round(moment.timestamp() * 1_000_000)
