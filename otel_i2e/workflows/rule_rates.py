"""What each rule and scorer did within a day: counts, weighted rates, and a rule in shadow beside the live scorer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from otel_i2e.models import Contract, Rate
from otel_i2e.stats import ClusterSums, weighted_rate
from otel_i2e.store import Reader
from otel_i2e.workflows.candidates import micros

__all__ = ["DAY", "HOUR", "Beside", "ModelRate", "RuleScorer", "beside", "rule_scorers"]

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
# Of a span that was tried again, the last attempt counts. What a rule did in shadow stands apart.
_LEDGER: Final = """
WITH tried AS (
    SELECT * REPLACE (coalesce(shadow, FALSE) AS shadow) FROM score_ledger
    WHERE source IN ('online', 'backfill') AND rule IS NOT NULL AND created_at >= make_timestamptz($since::BIGINT)
    QUALIFY row_number() OVER (
        PARTITION BY rule, scorer, scorer_version, shadow, trace_id, span_id
        ORDER BY created_at DESC, outcome = 'sampled_out'
    ) = 1
),
sizes AS (
    SELECT trace_id, count(*) AS spans FROM span_rows
    WHERE trace_id IN (SELECT trace_id FROM tried WHERE trace_spans IS NOT NULL) GROUP BY trace_id
)
SELECT rule, scorer, scorer_version AS version, count(*) AS considered,
    count(*) FILTER (outcome = 'scored') AS scored,
    count(*) FILTER (outcome = 'not_applicable') AS not_applicable,
    count(*) FILTER (outcome = 'no_content') AS no_content,
    count(*) FILTER (outcome = 'sampled_out') AS sampled_out,
    count(*) FILTER (outcome = 'over_budget') AS over_budget,
    count(*) FILTER (outcome = 'error') AS errors,
    count(*) FILTER (outcome = 'scored' AND trace_spans < sizes.spans) AS late,
    max(created_at) FILTER (outcome = 'scored') AS latest_score,
    count(*) FILTER (
        outcome NOT IN ('scored', 'not_applicable', 'sampled_out') AND created_at >= make_timestamptz($lately::BIGINT)
    ) AS missed_lately,
    shadow
FROM tried LEFT JOIN sizes USING (trace_id)
GROUP BY ALL ORDER BY rule, scorer, max(created_at) DESC
"""
# Of a span that was scored again, the last score counts, with the weight that `rated_scores` gives it.
_RATES: Final = """
WITH made AS (
    SELECT * REPLACE (
        coalesce(min(nullif(weight, 0)) OVER (
            PARTITION BY trace_id, span_id, rule, name, scorer_version, model, shadow
        ), 0) AS weight
    )
    FROM (SELECT *, FALSE AS shadow FROM scores UNION ALL SELECT *, TRUE FROM shadow_scores)
    WHERE source IN ('online', 'backfill') AND rule IS NOT NULL AND passed IS NOT NULL
      AND created_at >= make_timestamptz($since::BIGINT)
    QUALIFY row_number() OVER (
        PARTITION BY trace_id, span_id, rule, name, scorer_version, model, shadow ORDER BY created_at DESC, score_id
    ) = 1
),
clusters AS (
    SELECT rule, name, scorer_version, shadow, model, trace_id, max(created_at) AS latest, sum(weight) AS w,
        coalesce(sum(weight) FILTER (passed), 0) AS p
    FROM made
    GROUP BY ALL
)
SELECT rule, name AS scorer, scorer_version AS version, shadow, model,
    sum(w) AS w, sum(p) AS p, sum(w * w) AS ww, sum(p * w) AS pw, sum(p * p) AS pp
FROM clusters GROUP BY ALL ORDER BY max(latest) DESC, model
"""
# Each version of a scorer is somebody else, and each model that answered: those that scored last are set side by side.
_BESIDE: Final = """
WITH pairs AS (
    SELECT live.scorer_version AS version, live.model AS model, shadow.model AS shadow_model, live.created_at,
        shadow.weight, shadow.passed AS ours, live.passed AS theirs
    FROM (SELECT * FROM shadow_scores WHERE rule = $rule AND name = $scorer AND scorer_version = $version) AS shadow
    JOIN latest_scores AS live ON live.trace_id = shadow.trace_id AND live.span_id = shadow.span_id
    WHERE live.name = $beside AND live.source IN ('online', 'backfill') AND live.experiment_id IS NULL
      AND live.passed IS NOT NULL AND shadow.passed IS NOT NULL
)
SELECT version, model, count(*) AS spans, count(*) FILTER (ours = theirs) AS same,
    count(*) FILTER (ours AND NOT theirs) AS only_shadow, count(*) FILTER (theirs AND NOT ours) AS only_live,
    coalesce(sum(weight) FILTER (ours), 0) / nullif(sum(weight), 0) AS shadow_rate,
    coalesce(sum(weight) FILTER (theirs), 0) / nullif(sum(weight), 0) AS live_rate
FROM pairs GROUP BY version, model, shadow_model ORDER BY max(created_at) DESC LIMIT 1
"""


class Beside(Contract):
    """A scorer in shadow and a live one, on the spans that both have passed or failed."""

    scorer: str
    """The live scorer."""
    version: str | None
    """Its version that scored last."""
    model: str | None = None
    """The model that answered it last, of a judge."""
    spans: int
    """Spans that both have a verdict on."""
    same: int
    """Those with the same verdict."""
    only_shadow: int
    """Those that only the one in shadow passes."""
    only_live: int
    """Those that only the live one passes."""
    shadow_rate: float | None
    """Weighted pass rate of the one in shadow on them."""
    live_rate: float | None
    """Weighted pass rate of the live one on them."""

    def line(self) -> str:
        """In words."""
        rates = [f"{100 * rate:.0f} %" if rate is not None else "–" for rate in (self.shadow_rate, self.live_rate)]
        return (
            f"beside {self.scorer} on {self.spans:,} spans: {self.same:,} alike, it alone passes {self.only_shadow:,}, "
            f"{self.scorer} alone {self.only_live:,}; pass rate {rates[0]} against {rates[1]}"
        )


class ModelRate(Contract):
    """The pass rate of what a rule matches, as one model judged it."""

    model: str | None
    """The model as returned; None of a scorer in code."""
    rate: Rate
    """Estimated from the rule's sample."""

    def line(self) -> str:
        """In words."""
        low, high = 100 * self.rate.low, 100 * self.rate.high
        by = f" by {self.model}" if self.model is not None else ""
        return f"pass rate {100 * self.rate.rate:.0f} % ({low:.0f}–{high:.0f} %){by}"


class RuleScorer(Contract):
    """One version of a scorer under one rule, live or in shadow, within a day."""

    rule: str
    """The rule."""
    scorer: str
    """The scorer."""
    version: str
    """Its version."""
    shadow: bool = False
    """Whether the rule was in shadow."""
    considered: int = 0
    """Spans that were considered, whatever came of it."""
    scored: int = 0
    """Spans with a score."""
    not_applicable: int = 0
    """Spans that the scorer says nothing about."""
    no_content: int = 0
    """Spans without the content that it needs."""
    sampled_out: int = 0
    """Spans that the sample left out."""
    over_budget: int = 0
    """Spans that came after a budget was spent."""
    errors: int = 0
    """Spans on which it broke."""
    late: int = 0
    """Scores whose trace has grown since."""
    latest_score: datetime | None = None
    """When it last scored, UTC; None without a score."""
    missed_lately: int = 0
    """Spans of the last hour that it should have scored and did not: errors, no content, a spent budget."""
    pass_rates: tuple[ModelRate, ...] = ()
    """A pass rate for each model that answered, the one that did last first; none without a verdict."""
    beside: Beside | None = None
    """For a rule in shadow: beside the live scorer; None where they have no span in common."""

    def line(self) -> str:
        """The counts that are not zero, in words, and the rate."""
        names = ("not_applicable", "no_content", "sampled_out", "over_budget", "errors")
        rest = [f"{n:,} {name.replace('_', ' ')}" for name in names if (n := getattr(self, name))]
        said = [f"{self.scored:,} of {self.considered:,} scored", *rest]
        return ", ".join([*said, *(one.line() for one in self.pass_rates)])


def rule_scorers(reader: Reader, now: datetime) -> list[RuleScorer]:
    """Every rule, scorer and version of the day before `now`, live and in shadow apart, the newest first."""
    params = {"since": micros(now - DAY)}
    ledger = reader.rows(_LEDGER, {**params, "lately": micros(now - HOUR)})
    rates: dict[tuple[Any, ...], list[ModelRate]] = {}
    for row in reader.rows(_RATES, params):
        rate = weighted_rate(ClusterSums.of(row))
        if rate is not None:
            shown = Rate(rate=rate.rate, low=rate.interval.low, high=rate.interval.high)
            rates.setdefault(_key(row), []).append(ModelRate(model=row["model"], rate=shown))
    return [RuleScorer(**row, pass_rates=tuple(rates.get(_key(row), ()))) for row in ledger]


def beside(reader: Reader, one: RuleScorer, live: str) -> RuleScorer:
    """With what the live scorer says of the same spans."""
    params = {"rule": one.rule, "scorer": one.scorer, "version": one.version, "beside": live}
    rows: Iterable[dict[str, Any]] = reader.rows(_BESIDE, params)
    return one.model_copy(update={"beside": next((Beside(scorer=live, **row) for row in rows), None)})


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["rule"], row["scorer"], row["version"], row["shadow"]
