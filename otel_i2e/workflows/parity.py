"""Online = offline, shown: stored online scores made again the way an evaluation makes them.

A scorer in code must say the same. A judge is not asked: its request must be the same to the byte, which is what its
cache key says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from otel_i2e.config import Settings
from otel_i2e.errors import JudgeLeftOut
from otel_i2e.judge import request_key
from otel_i2e.models import Attempt, Contract, JudgeQuestion, JudgeVerdict, ScoreRow, Span, Subject
from otel_i2e.score import Scorer, run_scorer
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.scorers import load_all
from otel_i2e.workflows.subjects import subjects_of

__all__ = ["Difference", "Parity", "check_parity"]

_SCORES: Final = """
SELECT trace_id, span_id FROM scores
WHERE source = 'online' AND span_id IS NOT NULL AND created_at >= make_timestamptz($since::BIGINT)
ORDER BY created_at DESC LIMIT $limit
"""

_SEEN: Final = """
SELECT trace_id, span_id, rule, scorer, scorer_version, arg_max(trace_spans, created_at) AS spans FROM score_ledger
WHERE source = 'online' AND outcome = 'scored' AND trace_spans IS NOT NULL
  AND span_id IN (SELECT unnest($span_ids::VARCHAR[]))
GROUP BY ALL
"""
_CHANGED: Final = """
SELECT trace_id, span_id, max(told_at) AS told_at FROM (
  SELECT trace_id, span_id, changed_at AS told_at FROM span_rows WHERE span_id IN (SELECT unnest($span_ids::VARCHAR[]))
  UNION ALL
  SELECT coalesce(duplicate_trace_id, trace_id), duplicate_of, greatest(ingested_at, changed_at) FROM span_rows
  WHERE duplicate_of IN (SELECT unnest($span_ids::VARCHAR[]))
)
WHERE told_at IS NOT NULL
GROUP BY ALL
"""
_NAMES: Final = ("trace_id", "span_id", "rule", "scorer", "scorer_version")


class Difference(Contract):
    """One score that offline is another."""

    trace_id: str
    """The trace."""
    span_id: str
    """The span."""
    scorer: str
    """The scorer."""
    online: str
    """What is stored."""
    offline: str
    """What it is now."""


class Parity(Contract):
    """What came of making online scores again."""

    code: int = 0
    """Scores of scorers in code that were compared."""
    judged: int = 0
    """Scores of judges whose requests were compared."""
    other_identity: int = 0
    """Scores of a scorer that has changed since, or is gone: not comparable."""
    without_request: int = 0
    """Scores of judges that were stored without their request's hash: not comparable."""
    no_span: int = 0
    """Scores whose span is not stored."""
    grown: int = 0
    """Scores whose call, trace, or conversation up to it, has grown since they were made: not comparable."""
    differences: tuple[Difference, ...] = ()
    """Every score that is not the same; empty when online is offline."""

    @property
    def compared(self) -> int:
        """Scores that were compared."""
        return self.code + self.judged


class _Stenographer:
    """A judge that notes what it is asked, and says nothing."""

    def __init__(self) -> None:
        self.request: str | None = None

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """JudgeLeftOut, always."""
        self.request = request_key(question)
        raise JudgeLeftOut("only the request is compared")


def check_parity(settings: Settings, *, limit: int = 1000, since: datetime | None = None) -> Parity:
    """Make the latest `limit` online scores again and compare. Nothing is stored, no judge is asked.

    Raises StoreError and StoreLocked; a scorer that cannot be loaded is one that has changed.
    """
    scorers = load_all(settings).scorers
    with Store.of(settings).read() as reader:
        rows = _online(reader, limit, since)
        known = [row for row in rows if _is_current(scorers.get(row.name), row)]
        subjects = _subjects(reader, known, [scorers[name] for name in {row.name for row in known}])
        seen, changed = _seen(reader, subjects), _changed(reader, subjects)
    there = [row for row in known if row.span_id in subjects]
    sizes = {span_id: len(subject.trace) for span_id, subject in subjects.items()}
    found = [
        row
        for row in there
        if seen.get(_key(row), sizes[row.span_id]) == sizes[row.span_id]
        and changed.get((row.trace_id, row.span_id), row.created_at) <= row.created_at
        and not (scorers[row.name].needs_conversation and _has_grown(subjects[row.span_id], row))
    ]
    comparable = [row for row in found if not scorers[row.name].asks_model or row.metadata.get("request")]
    differences = asyncio.run(_differences(comparable, scorers, subjects, settings.scorer_timeout))
    judged = sum(scorers[row.name].needs_judge for row in comparable)
    return Parity(
        code=len(comparable) - judged,
        judged=judged,
        other_identity=len(rows) - len(known),
        without_request=len(found) - len(comparable),
        no_span=len(known) - len(there),
        grown=len(there) - len(found),
        differences=tuple(differences),
    )


def _online(reader: Reader, limit: int, since: datetime | None) -> list[ScoreRow]:
    oldest = round(since.timestamp() * 1_000_000) if since is not None else 0
    keys = reader.rows(_SCORES, {"since": oldest, "limit": limit})
    wanted = {(row["trace_id"], row["span_id"]) for row in keys}
    rows = reader.scores(trace_ids={trace_id for trace_id, _ in wanted}) if wanted else []
    return [row for row in rows if row.source == "online" and (row.trace_id, row.span_id) in wanted]


def _seen(reader: Reader, subjects: Iterable[str | None]) -> dict[tuple[str | None, ...], int]:
    """How many spans of the trace each score was made of, where its scorer looks at the trace."""
    rows = reader.rows(_SEEN, {"span_ids": [span_id for span_id in subjects if span_id is not None]})
    return {tuple(row[name] for name in _NAMES): row["spans"] for row in rows}


def _changed(reader: Reader, subjects: Iterable[str | None]) -> dict[tuple[str, str | None], datetime]:
    """When something came last that changed a span: content in log records, or another row of its call."""
    rows = reader.rows(_CHANGED, {"span_ids": [span_id for span_id in subjects if span_id is not None]})
    return {(row["trace_id"], row["span_id"]): row["told_at"] for row in rows}


def _key(row: ScoreRow) -> tuple[str | None, ...]:
    return row.trace_id, row.span_id, row.rule, row.name, row.scorer_version


def _has_grown(subject: Subject, row: ScoreRow) -> bool:
    """Whether an earlier turn of the conversation was stored after the score."""
    stored = (span.ingested_at for trace in subject.dialogue for span in trace)
    return any(at is not None and at > row.created_at for at in stored)


def _is_current(scorer: Scorer | None, row: ScoreRow) -> bool:
    return scorer is not None and scorer.version == row.scorer_version


def _subjects(reader: Reader, rows: Iterable[ScoreRow], scorers: Sequence[Scorer]) -> dict[str | None, Subject]:
    wanted = {(row.trace_id, row.span_id) for row in rows}
    ids = sorted(span_id for _, span_id in wanted if span_id is not None)
    spans: list[Span] = reader.spans("span_id IN (SELECT unnest($ids::VARCHAR[]))", {"ids": ids}) if ids else []
    found = [span for span in spans if (span.trace_id, span.span_id) in wanted]
    return {subject.span.span_id: subject for subject in subjects_of(reader, found, scorers)}


async def _differences(
    rows: Iterable[ScoreRow], scorers: dict[str, Scorer], subjects: dict[str | None, Subject], timeout: float
) -> list[Difference]:
    found: list[Difference] = []
    for row in rows:
        scorer = scorers[row.name]
        judge = _Stenographer()
        attempt = await run_scorer(scorer, subjects[row.span_id], judge=judge, timeout=timeout)
        said = (
            (f"request {row.metadata['request']}", f"request {judge.request or attempt.error}")
            if scorer.needs_judge
            else (_stored(row), _made(attempt))
        )
        if said[0] != said[1]:
            place: dict[str, Any] = {"trace_id": row.trace_id, "span_id": row.span_id, "scorer": row.name}
            found.append(Difference(**place, online=said[0], offline=said[1]))
    return found


def _stored(row: ScoreRow) -> str:
    return _line(row.value, row.label, row.passed, row.explanation)


def _made(attempt: Attempt) -> str:
    score = attempt.score
    if score is None:
        return f"{attempt.outcome.value}: {attempt.error or 'no score'}"
    return _line(score.value, score.label, attempt.passed, score.explanation)


def _line(value: float | None, label: str | None, passed: bool | None, explanation: str | None) -> str:
    return f"{value!r} {label!r} passed={passed} {explanation!r}"
