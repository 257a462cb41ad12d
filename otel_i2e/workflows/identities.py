"""Every version of a scorer that was used: what it was, what it scored, and what changed from one to the next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import unified_diff
from typing import Any, Final

from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, UsageError
from otel_i2e.models import Contract, Json, ScorerIdentity
from otel_i2e.score import Scorer
from otel_i2e.store import Store
from otel_i2e.workflows.scorers import Loaded, load_all

__all__ = ["SeenIdentity", "changes", "definitions_of", "scorer_history"]

# A judge that another model answered for is another identity, so the model as returned has rows of its own. Experiments
# stand apart; production counts the last score of a span, weighted by what it stands for (as the view rated_scores).
_USED: Final = """
WITH made AS (
  SELECT name AS scorer, scorer_version, model, experiment_id IS NULL AS in_production, count(*) AS scores,
    coalesce(sum(weight) FILTER (passed), 0) / nullif(sum(weight) FILTER (passed IS NOT NULL), 0) AS pass_rate,
    min(created_at) AS first_seen, max(created_at) AS last_seen
  FROM (
    SELECT * REPLACE (
      coalesce(min(nullif(weight, 0)) OVER (PARTITION BY trace_id, span_id, name, scorer_version, model), 0) AS weight
    )
    FROM scores WHERE experiment_id IS NULL
    QUALIFY row_number() OVER (
      PARTITION BY trace_id, span_id, name, scorer_version, model ORDER BY created_at DESC, score_id
    ) = 1
    UNION ALL SELECT * REPLACE (1.0 AS weight) FROM scores WHERE experiment_id IS NOT NULL
  )
  WHERE scorer_version IS NOT NULL AND source IN ('online', 'backfill', 'offline')
  GROUP BY ALL
),
tried AS (
  SELECT scorer, scorer_version, source <> 'offline' AS in_production, count(*) FILTER (outcome = 'error') AS errors,
    min(created_at) AS first_seen, max(created_at) AS last_seen
  FROM score_ledger
  WHERE outcome NOT IN ('sampled_out', 'over_budget', 'left_out')
  GROUP BY ALL
)
-- what broke has no model, so it stands beside the model that answered last, once
SELECT scorer, scorer_version, model, in_production, coalesce(scores, 0) AS scores, pass_rate,
  CASE WHEN row_number() OVER (
    PARTITION BY scorer, scorer_version, in_production ORDER BY made.last_seen DESC, model
  ) = 1 THEN coalesce(errors, 0) ELSE 0 END AS errors,
  coalesce(made.first_seen, tried.first_seen) AS first_seen, coalesce(made.last_seen, tried.last_seen) AS last_seen
FROM made FULL JOIN tried USING (scorer, scorer_version, in_production)
WHERE $scorer IS NULL OR scorer = $scorer
ORDER BY scorer, first_seen, scorer_version, model, in_production
"""
_CONTEXT: Final = 3


class SeenIdentity(Contract):
    """One version of a scorer, answered for by one model when it is a judge."""

    scorer: str
    """Its name."""
    version: str
    """Its version."""
    model: str | None = None
    """The model as returned, of a judge that scored."""
    is_current: bool = False
    """Whether it is what the project has now."""
    in_production: bool | None = None
    """Whether the row is of production (online and backfills) or of experiments; None of one that was not used."""
    scores: int = 0
    """Spans it scored; in experiments every repeat."""
    pass_rate: float | None = None
    """Part of those with a threshold that passed: of production, each weighted by what it stands for."""
    errors: int = 0
    """Attempts of this version that broke, whichever model was asked: in one row of those that differ by the model."""
    first_seen: datetime | None = None
    """UTC; None of one that has not been used."""
    last_seen: datetime | None = None
    """UTC."""
    source: str | None = None
    """Where it was defined; None when its definition was not kept."""
    text: str | None = None
    """Its code or prompt; None when it was not kept: it was last used before definitions were."""
    parameters: Json | None = None
    """Its parameters."""


def definitions_of(scorers: Iterable[Scorer], now: datetime) -> list[ScorerIdentity]:
    """The definitions of scorers that are being used, for the store."""
    return [_row(scorer, now) for scorer in {(one.name, one.version): one for one in scorers}.values()]


def scorer_history(settings: Settings, scorer: str | None = None) -> list[SeenIdentity]:
    """Every identity that was used, of one scorer or all, in order of first use; the current one also when it was not.

    NotFound for a name that neither the project nor the store has; StoreError, StoreLocked.
    """
    loaded = load_all(settings)
    now = _current(loaded, scorer)
    used, kept = list[dict[str, Any]](), list[ScorerIdentity]()
    store = Store.of(settings)
    if store.exists():
        with store.read() as reader:
            used, kept = reader.rows(_USED, {"scorer": scorer}), reader.identities(scorer)
    known = {(one.scorer, one.scorer_version): one for one in kept}
    found = [_seen(row, known, now) for row in used]
    there = {(one.scorer, one.version) for one in found}
    found += [_unused(one) for key, one in now.items() if key not in there and (scorer is not None or one.function)]
    if not found:
        broken = "".join(f"; {error}" for error in loaded.errors)
        raise NotFound(f"there is no scorer {scorer!r}, and no score of one is stored; i2e scorers lists them{broken}")
    return sorted(found, key=lambda one: one.scorer)


def changes(history: Iterable[SeenIdentity], old: str, new: str) -> list[str]:
    """What changed between two versions, by unique beginnings of them: lines of a unified diff, none when nothing did.

    UsageError for a version that is not there, is not unique, or whose definition was not kept.
    """
    found = list(history)
    before, after = _one(found, old), _one(found, new)
    lines = unified_diff(_written(before), _written(after), before.version, after.version, lineterm="", n=_CONTEXT)
    return list(lines)


def _row(scorer: Scorer, now: datetime) -> ScorerIdentity:
    return ScorerIdentity(
        scorer=scorer.name,
        scorer_version=scorer.version,
        kind="judge" if scorer.asks_model else "code",
        source=scorer.source,
        text=scorer.definition.text,
        parameters=scorer.definition.parameters,
        first_seen=now,
    )


def _current(loaded: Loaded, name: str | None) -> dict[tuple[str, str], Scorer]:
    return {(one.name, one.version): one for one in loaded.scorers.values() if name in (None, one.name)}


def _seen(
    row: Mapping[str, Any], known: Mapping[tuple[str, str], ScorerIdentity], now: Mapping[tuple[str, str], Scorer]
) -> SeenIdentity:
    key = row["scorer"], row["scorer_version"]
    kept = known.get(key)
    return SeenIdentity(
        scorer=key[0],
        version=key[1],
        model=row["model"],
        is_current=key in now,
        in_production=row["in_production"],
        scores=row["scores"],
        pass_rate=row["pass_rate"],
        errors=row["errors"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        source=kept.source if kept is not None else None,
        text=kept.text if kept is not None else None,
        parameters=kept.parameters if kept is not None else None,
    )


def _unused(scorer: Scorer) -> SeenIdentity:
    return SeenIdentity(
        scorer=scorer.name,
        version=scorer.version,
        is_current=True,
        source=scorer.source,
        text=scorer.definition.text,
        parameters=scorer.definition.parameters,
    )


def _one(history: Iterable[SeenIdentity], version: str) -> SeenIdentity:
    found = {one.version: one for one in history if version and one.version.startswith(version)}
    if len(found) != 1:
        there = ", ".join(dict.fromkeys(one.version for one in history))
        why = f"{len(found)} versions begin" if found else "no version begins"
        raise UsageError(f"{why} with {version!r}; there are {there}")
    (one,) = found.values()
    if one.text is None:
        raise UsageError(f"the definition of {one.scorer} {one.version} was not kept: it is older than the keeping")
    return one


def _written(identity: SeenIdentity) -> list[str]:
    parameters = json.dumps(identity.parameters or {}, indent=1, sort_keys=True, ensure_ascii=False)
    return [*(identity.text or "").splitlines(), "", *parameters.splitlines()]
