"""Why a span has a score, or none: the ledger's answer for every online rule and scorer, with denominators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError, NotFound, UsageError
from otel_i2e.models import Contract, Rule
from otel_i2e.score import Scorer, draw
from otel_i2e.store import Store
from otel_i2e.workflows.candidates import Candidate, identity_of
from otel_i2e.workflows.retries import MOST_ATTEMPTS
from otel_i2e.workflows.rule_rates import DAY, ModelRate, RuleScorer, rule_scorers
from otel_i2e.workflows.rules import FoundRule, rules_or_errors, workable
from otel_i2e.workflows.scorers import Loaded, load_all
from otel_i2e.workflows.strata import strata_of
from otel_i2e.workflows.trace_roots import ROOT_OF_TARGET

__all__ = ["Answer", "why"]

_SPAN: Final = f"""
SELECT trace_id, span_id, duplicate_of, experiment_id, ingested_at, epoch_us(start_time) AS start_us FROM spans
WHERE starts_with(span_id, $target) OR {ROOT_OF_TARGET} LIMIT 2
"""
_LEDGER: Final = """
SELECT * FROM score_ledger
WHERE trace_id = $trace AND span_id = $span AND source IN ('online', 'backfill') AND rule IS NOT NULL
ORDER BY created_at, outcome <> 'sampled_out'
"""
_TRACE: Final = """
SELECT count(*) AS spans, max(ingested_at) AS latest, bool_or(parent_span_id IS NULL) AS has_root
FROM span_rows WHERE trace_id = $trace
"""
_VERDICTS: Final = """
SELECT 'shadow' AS kept, rule, name, value, label, passed FROM shadow_scores WHERE trace_id = $trace AND span_id = $span
UNION ALL
SELECT 'live', rule, name, value, label, passed FROM latest_scores
WHERE trace_id = $trace AND span_id = $span AND experiment_id IS NULL
"""
_MATCHES: Final = "SELECT 1 FROM spans WHERE trace_id = $trace AND span_id = $span AND ({where})"


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
    pass_rates: tuple[ModelRate, ...] = ()
    """Their pass rate within a day, weighted; of a judge one for each model that answered, the latest first."""


class _Case(NamedTuple):
    """What is asked about."""

    span: Mapping[str, Any]
    ledger: Sequence[Mapping[str, Any]]
    trace: Mapping[str, Any]
    verdicts: Sequence[Mapping[str, Any]]
    now: datetime


def why(settings: Settings, target: str, *, now: datetime | None = None) -> list[Answer]:
    """An answer for every online rule × scorer; `target` is a span, a trace (its root), or a unique beginning.

    Raises NotFound, UsageError for a beginning of several, StoreError.
    """
    now = now or datetime.now(UTC)
    with Store.of(settings).read() as reader:
        spans = reader.rows(_SPAN, {"target": target.lower()})
        if len(spans) != 1:
            raise _not_one(target, len(spans))
        (span,) = spans
        own = {"trace": span["trace_id"], "span": span["span_id"]}
        (trace,) = reader.rows(_TRACE, own)
        case = _Case(span, reader.rows(_LEDGER, own), trace, reader.rows(_VERDICTS, own), now)
        counts = rule_scorers(reader, now)
    loaded = load_all(settings)
    return [
        _counted(answer, [one for one in counts if (one.rule, one.shadow) == (found.name, _is_shadow(found))])
        for found in rules_or_errors(settings)
        for answer in _of_rule(settings, found, loaded, case)
    ]


def _is_shadow(found: FoundRule) -> bool:
    return isinstance(found.rule, Rule) and found.rule.shadow


def _not_one(target: str, n: int) -> I2EError:
    if n:
        return UsageError(f"several spans begin with {target!r}; write more of the id")
    return NotFound(f"{target!r} is neither a span nor a trace; i2e traces lists what is stored")


def _of_rule(settings: Settings, found: FoundRule, loaded: Loaded, case: _Case) -> Iterator[Answer]:
    span = case.span
    try:
        rule, scorers = workable(settings, found, loaded)
        matches = _matches(settings, rule, span)
    except I2EError as error:
        yield Answer(rule=found.name, scorer=None, outcome="broken_rule", reason=str(error))
        return
    if (aside := _aside(span)) is not None:
        yield Answer(rule=rule.name, scorer=None, outcome="not_scored_online", reason=aside)
        return
    own = [row for row in case.ledger if row["rule"] == rule.name]
    current = {identity_of(scorer) for scorer in scorers}
    own.sort(key=lambda row: f"{row['scorer']}@{row['scorer_version']}" in current)  # the last of them counts
    tried = {row["scorer"]: row for row in own}
    if not matches and not tried:
        yield Answer(
            rule=rule.name, scorer=None, outcome="no_match", reason=f"where = {rule.where!r} does not match it"
        )
        return
    for scorer in scorers:
        row = tried.get(scorer.name)
        yield _tried(rule, scorer, row, case) if row is not None else _untried(settings, rule, scorer, case)


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


def _tried(rule: Rule, scorer: Scorer, row: Mapping[str, Any], case: _Case) -> Answer:
    parts = [row["reason"] or _WORDS.get(row["outcome"], "")]
    if row["stratum"] is not None:
        parts.append(
            f"kept by {row['stratum']}" + (", which came after the draw: weight 0" if row["weight"] == 0 else "")
        )
    elif row["outcome"] == "scored" and row["weight"] is not None and row["weight"] != 1:
        parts.append(f"drawn, it stands for {row['weight']:g} spans")
    if row["trace_spans"] is not None and (late := case.trace["spans"] - row["trace_spans"]) > 0:
        parts.append(f"{late} spans of its trace came later")
    if row["shadow"]:
        parts.append(_in_shadow(rule, scorer, case))
    if row["scorer_version"] != scorer.version:
        parts.append(f"by {row['scorer_version']}, the scorer is {scorer.version} now")
    if row["retry_at"] is not None:
        parts.append(f"attempt {row['attempt']} of {MOST_ATTEMPTS}, the next from {row['retry_at']:%H:%M:%S} UTC on")
    elif (row["attempt"] or 1) > 1:
        parts.append(f"attempt {row['attempt']} of {MOST_ATTEMPTS}")
    reason = "; ".join(part for part in parts if part)
    return Answer(rule=rule.name, scorer=scorer.name, outcome=row["outcome"], reason=reason, at=row["created_at"])


def _in_shadow(rule: Rule, scorer: Scorer, case: _Case) -> str:
    """What it says, beside what the live scorer says."""
    live = rule.beside or scorer.name
    ours = [
        row for row in case.verdicts if (row["kept"], row["rule"], row["name"]) == ("shadow", rule.name, scorer.name)
    ]
    theirs = [row for row in case.verdicts if (row["kept"], row["name"]) == ("live", live)]
    said = f"in shadow: it says {_verdict(ours[-1])}" if ours else "in shadow"
    return f"{said}; {live}, live, says {_verdict(theirs[-1])}" if theirs else f"{said}; no live score of {live}"


def _verdict(row: Mapping[str, Any]) -> str:
    word = {True: "pass", False: "fail"}.get(row["passed"], "")
    shown = row["label"] if row["value"] is None else f"{row['value']:g}"
    return f"{word} ({shown})" if word else str(shown)


def _untried(settings: Settings, rule: Rule, scorer: Scorer, case: _Case) -> Answer:
    span, now = case.span, case.now
    one = Candidate(span["trace_id"], span["span_id"], span["start_us"] or 0, frozenset())
    stratum = strata_of(settings, Store.of(settings), rule, [one], now).get(one[:2])
    if span["ingested_at"] is not None and span["ingested_at"] < now - DAY:
        outcome = "too_old"
        reason = f"stored more than a day ago, where rules no longer look: i2e score --rule {rule.name}"
    elif draw(one.trace_id, rule.sample, stratum) is None:
        outcome, reason = "waiting", f"the sample of {rule.sample:g} will leave its trace out"
    elif (rest := _unrest(rule, scorer, case)) is not None:
        outcome, reason = "waiting", rest
    else:
        outcome = "waiting"
        reason = "no pass has come to it yet: i2e score --follow, or an application with ingest on"
    return Answer(rule=rule.name, scorer=scorer.name, outcome=outcome, reason=reason)


def _unrest(rule: Rule, scorer: Scorer, case: _Case) -> str | None:
    """What the span waits for, where the scorer looks at its trace and that is not complete."""
    stored, latest = case.span["ingested_at"], case.trace["latest"]
    if scorer.scope == "span" or stored is None or stored <= case.now - timedelta(seconds=rule.quiet_max):
        return None
    latest_at = f"by {stored + timedelta(seconds=rule.quiet_max):%H:%M:%S} UTC at the latest"
    if not case.trace["has_root"]:
        return f"its trace has no root yet: it is scored {latest_at}"
    if latest > case.now - timedelta(seconds=rule.quiet):
        return f"its trace must rest for {rule.quiet:g} s: it is scored {latest_at}"
    return None


def _counted(answer: Answer, counts: Iterable[RuleScorer]) -> Answer:
    """With what the newest version of the scorer did, by the counts of the rule."""
    for one in counts:
        if one.scorer == answer.scorer:
            known = {"scored": one.scored, "considered": one.considered, "pass_rates": one.pass_rates}
            return answer.model_copy(update=known)
    return answer


_WORDS: Final = {
    "scored": "it has a score",
    "not_applicable": "the scorer says nothing about it",
    "sampled_out": "the rule's sample left its trace out",
    "over_budget": "the budget was spent",
}
