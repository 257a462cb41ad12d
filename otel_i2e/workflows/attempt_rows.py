"""The rows that attempts to score leave in the store: one in the ledger for each, and a score for some."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from otel_i2e.errors import RowRefused
from otel_i2e.models import Attempt, LedgerRow, Outcome, ScorerIdentity, ScoreRow, Span
from otel_i2e.score import Share
from otel_i2e.store import Store
from otel_i2e.workflows.attempts import Asker, Job
from otel_i2e.workflows.identities import definitions_of
from otel_i2e.workflows.retries import again_at
from otel_i2e.workflows.score_events import emit_scores

__all__ = ["rows_of", "rows_of_job", "store_attempts", "store_rows"]

_score_row: Final = ScoreRow.trusting()


def store_attempts(store: Store, made: Sequence[tuple[Job, Attempt]], now: datetime | None = None) -> None:
    """The rows of the attempts, in one write; then the scores leave as events. StoreError when nothing was stored.

    A score that the store refuses loses no other: its attempt is an error in the ledger.
    """
    now = now or datetime.now(UTC)
    rows = [rows_of_job(job, attempt, now) for job, attempt in made]
    store_rows(store, rows, definitions_of((job.scorer for job, _ in made), now))


def store_rows(
    store: Store, rows: Sequence[tuple[LedgerRow, ScoreRow | None]], identities: Sequence[ScorerIdentity] = ()
) -> None:
    """The same, of rows that are made already."""
    if not rows:
        return
    try:
        stored = _write(store, rows, identities)
    except RowRefused:
        _write(store, [], identities)
        stored = [score for row in rows for score in _write_one(store, row)]
    emit_scores(stored)


def _write(
    store: Store, rows: Sequence[tuple[LedgerRow, ScoreRow | None]], identities: Sequence[ScorerIdentity] = ()
) -> list[ScoreRow]:
    scores = [score for row, score in rows if score is not None and not row.shadow]
    shadows = [score for row, score in rows if score is not None and row.shadow]
    with store.write() as writer:
        writer.add_identities(identities)
        writer.add_scores(scores)
        writer.add_shadow_scores(shadows)
        writer.add_ledger([row for row, _ in rows])
    return scores


def rows_of_job(job: Job, attempt: Attempt, now: datetime) -> tuple[LedgerRow, ScoreRow | None]:
    """The ledger's row of a job's attempt, and the score's when there is one."""
    seen = len(job.subject.trace) if job.scorer.scope != "span" and attempt.outcome is not Outcome.SAMPLED_OUT else None
    again = again_at(attempt, job.attempt, now) if job.asker.source == "online" else None
    return rows_of(
        attempt,
        job.subject.span,
        job.asker,
        now,
        share=job.share,
        trace_spans=seen,
        number=job.attempt,
        retry_at=again,
    )


def _write_one(store: Store, row: tuple[LedgerRow, ScoreRow | None]) -> list[ScoreRow]:
    """The score, when the store took it; else the ledger says why not."""
    try:
        return _write(store, [row])
    except RowRefused as error:
        refused = row[0]._replace(outcome=Outcome.ERROR, reason=f"the score could not be stored: {error}")
        return _write(store, [(refused, None)])


def rows_of(
    attempt: Attempt,
    span: Span,
    asker: Asker,
    now: datetime | None = None,
    *,
    share: Share = Share(),  # noqa: B008 -- immutable
    trace_spans: int | None = None,
    number: int = 1,
    retry_at: datetime | None = None,
) -> tuple[LedgerRow, ScoreRow | None]:
    """The ledger's row of an attempt, and the score's when there is one.

    The score's id follows from who scored what for whom, so that storing it twice stores it once. `trace_spans` is how
    many spans of the trace the scorer could see, `number` which attempt it was, `retry_at` when the next is due.
    """
    now = now or datetime.now(UTC)
    trace_id, span_id = span.trace_id, span.span_id
    name, version, outcome, cost = attempt.scorer, attempt.scorer_version, attempt.outcome, attempt.cost_usd
    source, rule, experiment, shadow = asker
    row = LedgerRow(
        trace_id=trace_id,
        span_id=span_id,
        scorer=name,
        scorer_version=version,
        outcome=outcome,
        source=source,
        created_at=now,
        rule=rule,
        reason=attempt.error,
        experiment_id=experiment,
        cost_usd=cost,
        weight=None if outcome is Outcome.SAMPLED_OUT else share.weight,
        stratum=share.stratum,
        trace_spans=trace_spans,
        shadow=shadow,
        attempt=number,
        retry_at=retry_at,
    )
    score = attempt.score
    if outcome is not Outcome.SCORED or score is None:
        return row, None
    fields = {
        "score_id": _id_of(trace_id, span_id, name, version, source, rule or "", experiment or ""),
        "trace_id": trace_id,
        "span_id": span_id,
        "name": name,
        "value": score.value,
        "label": score.label,
        "explanation": score.explanation,
        "passed": attempt.passed,
        "threshold": attempt.threshold,
        "scorer_version": version,
        "source": source,
        "rule": rule,
        "experiment_id": experiment,
        "case_id": span.case_id if experiment else None,
        "repeat": span.repeat if experiment else None,
        "model": attempt.model,
        "cost_usd": cost,
        "metadata": score.metadata,
        "created_at": now,
        "weight": share.weight,
    }
    return row, _score_row(fields)


def _id_of(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
