"""Online attempts that broke for a reason that may pass are made again: three in all, further and further apart.

A judge that is overloaded or cannot be reached is such a reason. What a scorer's own code raises is not: the same code
would raise it again, so its span is taken up again only when the scorer's version changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from otel_i2e.models import Attempt, Outcome, Rule
from otel_i2e.score import Scorer, Share
from otel_i2e.store import Reader
from otel_i2e.workflows.candidates import Candidate, identities_of, micros

__all__ = ["MOST_ATTEMPTS", "Again", "again_at", "due_again"]

_PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=15))
"""Between the first attempt and the second, the second and the third."""
MOST_ATTEMPTS: Final = len(_PAUSES) + 1
"""Of one scorer on one span, by one rule."""

# Every row but the last says when the next attempt is due; a row that does not has settled it. What a backfill scored
# is settled, whoever asked for it; where it broke or found no content, the rule goes on.
_DUE: Final = """
WITH due AS (
  SELECT DISTINCT trace_id, span_id FROM score_ledger
  WHERE rule = $rule AND retry_at <= make_timestamptz($now::BIGINT) AND created_at >= make_timestamptz($since::BIGINT)
),
tried AS (
  SELECT trace_id, span_id, scorer || '@' || scorer_version AS identity,
    count(*) FILTER (source = 'online') AS attempts,
    any_value(weight) FILTER (source = 'online') AS weight, any_value(stratum) FILTER (source = 'online') AS stratum,
    max(retry_at) AS retry_at
  FROM score_ledger SEMI JOIN due USING (trace_id, span_id)
  WHERE created_at >= make_timestamptz($since::BIGINT)
    AND (
      (rule = $rule AND source = 'online' AND outcome <> 'sampled_out')
      OR (source = 'backfill' AND coalesce(shadow, FALSE) = $shadow AND outcome IN ('scored', 'not_applicable'))
    )
    AND list_contains($identities::VARCHAR[], scorer || '@' || scorer_version)
  GROUP BY ALL
  HAVING bool_and(retry_at IS NOT NULL) AND max(retry_at) <= make_timestamptz($now::BIGINT)
)
SELECT tried.*, epoch_us(span_rows.start_time) AS start_us
FROM tried JOIN span_rows ON span_rows.trace_id = tried.trace_id AND span_rows.span_id = tried.span_id
ORDER BY tried.retry_at, tried.span_id, identity
LIMIT $limit
"""


class Again(NamedTuple):
    """A span of which some attempts are due again."""

    candidate: Candidate
    """The span; `done` has the identities that are not due."""
    share: Share
    """What it stands for, as it was drawn."""
    attempts: dict[str, int]
    """Identities that are due → attempts that were made."""


def again_at(attempt: Attempt, number: int, now: datetime) -> datetime | None:
    """When the attempt, which was the `number`-th, is to be made again; None when it is not."""
    if attempt.outcome is not Outcome.ERROR or not attempt.is_passing or number >= MOST_ATTEMPTS:
        return None
    return now + _PAUSES[number - 1]


def due_again(
    reader: Reader, rule: Rule, scorers: Iterable[Scorer], *, since: datetime, now: datetime, limit: int
) -> list[Again]:
    """The spans of `rule` with attempts since `since` that are due again, the longest due first."""
    identities = identities_of(scorers)
    params = {
        "rule": rule.name,
        "shadow": rule.shadow,
        "identities": identities,
        "since": micros(since),
        "now": micros(now),
        "limit": limit,
    }
    spans: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in reader.rows(_DUE, params):
        spans.setdefault((row["trace_id"], row["span_id"]), []).append(row)
    return [_again(rows, identities) for rows in spans.values()]


def _again(rows: list[dict[str, Any]], identities: list[str]) -> Again:
    attempts = {row["identity"]: row["attempts"] for row in rows}
    first = rows[0]
    weight = 1.0 if first["weight"] is None else first["weight"]
    done = frozenset(identities) - attempts.keys()
    candidate = Candidate(first["trace_id"], first["span_id"], first["start_us"], done)
    return Again(candidate, Share(weight, first["stratum"]), attempts)
