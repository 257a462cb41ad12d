"""Why a span has a score, or none: the ledger's answer for every online rule and scorer, with denominators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError, NotFound, UsageError
from otel_i2e.models import Contract, Rule
from otel_i2e.score import Scorer, keep
from otel_i2e.store import Store
from otel_i2e.workflows.retries import MOST_ATTEMPTS
from otel_i2e.workflows.rules import FoundRule, rules_or_errors, workable
from otel_i2e.workflows.scorers import Loaded, load_all

__all__ = ["Answer", "why"]

_SPAN: Final = """
SELECT trace_id, span_id, duplicate_of, experiment_id, ingested_at, content_state FROM spans
WHERE starts_with(span_id, $target) OR (starts_with(trace_id, $target) AND parent_span_id IS NULL) LIMIT 2
"""
_LEDGER: Final = """
SELECT rule, scorer, scorer_version, outcome, reason, created_at, attempt, retry_at
FROM score_ledger
WHERE trace_id = $trace AND span_id = $span AND source = 'online' ORDER BY created_at
"""
_DENOMINATORS: Final = """
SELECT rule, scorer, outcome, count(*) AS n, count(*) FILTER (attempt > 1) AS again FROM score_ledger
WHERE source = 'online' AND created_at >= make_timestamptz($since::BIGINT) GROUP BY ALL
"""
_MATCHES: Final = "SELECT 1 FROM spans WHERE trace_id = $trace AND span_id = $span AND ({where})"
_DAY: Final = timedelta(days=1)


class Answer(Contract):
    """One rule and scorer, on one span."""

    rule: str
    """The rule."""
    scorer: str | None
    """The scorer; None when the rule as a whole has nothing to do with the span."""
    outcome: str
    """As in the ledger; or `no_match`, `not_scored_online`, `broken_rule`, `waiting`, `too_old`."""
    reason: str
    """Why, one line."""
    at: datetime | None = None
    """When it was tried, UTC; None when it was not."""
    scored: int = 0
    """Spans that this rule and scorer scored within a day."""
    considered: int = 0
    """Spans that they considered within a day."""


class _Case(NamedTuple):
    """What is asked about."""

    span: Mapping[str, Any]
    ledger: Sequence[Mapping[str, Any]]
    now: datetime


def why(settings: Settings, target: str, *, now: datetime | None = None) -> list[Answer]:
    """An answer for every online rule × scorer; `target` is a span, a trace (its root), or a unique beginning.

    Raises NotFound, UsageError for a beginning of several, StoreError.
    """
    now = now or datetime.now(UTC)
    since = round((now - _DAY).timestamp() * 1_000_000)
    with Store.of(settings).read() as reader:
        spans = reader.rows(_SPAN, {"target": target.lower()})
        if len(spans) != 1:
            raise _not_one(target, len(spans))
        (span,) = spans
        ledger = reader.rows(_LEDGER, {"trace": span["trace_id"], "span": span["span_id"]})
        counts = reader.rows(_DENOMINATORS, {"since": since})
    loaded = load_all(settings)
    return [
        _counted(answer, counts)
        for found in rules_or_errors(settings)
        for answer in _of_rule(settings, found, loaded, _Case(span, ledger, now))
    ]


def _not_one(target: str, n: int) -> I2EError:
    if n:
        return UsageError(f"several spans begin with {target!r}; write more of the id")
    return NotFound(f"{target!r} is neither a span nor a trace; i2e traces lists what is stored")


def _of_rule(settings: Settings, found: FoundRule, loaded: Loaded, case: _Case) -> Iterator[Answer]:
    span, ledger, now = case
    try:
        rule, scorers = workable(settings, found, loaded)
        matches = _matches(settings, rule, span)
    except I2EError as error:
        yield Answer(rule=found.name, scorer=None, outcome="broken_rule", reason=str(error))
        return
    if (aside := _aside(span)) is not None:
        yield Answer(rule=rule.name, scorer=None, outcome="not_scored_online", reason=aside)
        return
    tried = {row["scorer"]: row for row in ledger if row["rule"] == rule.name}
    if not matches and not tried:
        yield Answer(
            rule=rule.name, scorer=None, outcome="no_match", reason=f"where = {rule.where!r} does not match it"
        )
        return
    for scorer in scorers:
        row = tried.get(scorer.name)
        yield _tried(rule, scorer, row) if row is not None else _untried(rule, scorer, span, now)


def _matches(settings: Settings, rule: Rule, span: Mapping[str, Any]) -> bool:
    sql = _MATCHES.format(where=rule.where)
    params = {"trace": span["trace_id"], "span": span["span_id"]}
    return bool(Store.of(settings).query(sql, params, timeout=settings.query_timeout, max_rows=1).rows)


def _aside(span: Mapping[str, Any]) -> str | None:
    if span["duplicate_of"] is not None:
        return f"it repeats span {span['duplicate_of']}, which is scored in its place"
    if span["experiment_id"] is not None:
        return f"it belongs to experiment {span['experiment_id']}, which scores it itself"
    return None


def _tried(rule: Rule, scorer: Scorer, row: Mapping[str, Any]) -> Answer:
    reason = row["reason"] or _WORDS.get(row["outcome"], "")
    if row["scorer_version"] != scorer.version:
        reason = f"{reason}; by {row['scorer_version']}, the scorer is {scorer.version} now".lstrip("; ")
    if row["retry_at"] is not None:
        reason += f"; attempt {row['attempt']} of {MOST_ATTEMPTS}, the next from {row['retry_at']:%H:%M:%S} UTC on"
    elif (row["attempt"] or 1) > 1:
        reason = f"{reason}; attempt {row['attempt']} of {MOST_ATTEMPTS}".lstrip("; ")
    return Answer(rule=rule.name, scorer=scorer.name, outcome=row["outcome"], reason=reason, at=row["created_at"])


def _untried(rule: Rule, scorer: Scorer, span: Mapping[str, Any], now: datetime) -> Answer:
    if not keep(span["trace_id"], rule.sample):
        outcome, reason = "waiting", f"the sample of {rule.sample:g} will leave its trace out"
    elif span["ingested_at"] is not None and span["ingested_at"] < now - _DAY:
        outcome = "too_old"
        reason = f"stored more than a day ago, where rules no longer look: i2e score --scorer {scorer.name}"
    else:
        outcome = "waiting"
        quiet = "; a scorer that reads the trace waits until its root is there" if scorer.needs_trace else ""
        reason = f"no pass has come to it yet: i2e score --follow, or an application with ingest on{quiet}"
    return Answer(rule=rule.name, scorer=scorer.name, outcome=outcome, reason=reason)


def _counted(answer: Answer, counts: Iterable[Mapping[str, Any]]) -> Answer:
    found = [row for row in counts if (row["rule"], row["scorer"]) == (answer.rule, answer.scorer)]
    considered = sum(row["n"] - row["again"] for row in found)  # an attempt that is made again is one
    scored = sum(row["n"] for row in found if row["outcome"] == "scored")
    return answer.model_copy(update={"scored": scored, "considered": considered})


_WORDS: Final = {
    "scored": "it has a score",
    "not_applicable": "the scorer says nothing about it",
    "sampled_out": "the rule's sample left its trace out",
    "over_budget": "the budget was spent",
}
