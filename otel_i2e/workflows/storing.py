"""Prepared rows → the store: one write lease for all of them, or, when it refuses some, for as many as it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import RowRefused, StoreError
from otel_i2e.models import ScoreRow, SpanRow
from otel_i2e.normalize import RawLog, RawSpan, is_evaluation, normalize_span
from otel_i2e.store import Store
from otel_i2e.workflows.evaluated import scores_of_answers
from otel_i2e.workflows.late_content import GIVEN_UP_DAYS, ended_first, join_content, join_end
from otel_i2e.workflows.linking import link_calls
from otel_i2e.workflows.preparing import NOBODYS_DATA, Prepared

__all__ = ["NEVER_CAME", "REFUSED", "store_prepared"]

REFUSED: Final = "span: refused by the store"
_SCORE_REFUSED: Final = "score: refused by the store"
NEVER_CAME: Final = "log record: its span did not come within a week"
"""Of a log record that was read a week ago."""
_PLAIN: Final = RawSpan(
    resource={"service.name": "otel-i2e"},
    scope_name="otel_i2e",
    scope_version="",
    trace_id="0" * 31 + "1",
    span_id="0" * 15 + "1",
    parent_span_id="",
    name="chat",
    otel_kind=3,
    start_ns=1_000_000_000,
    end_ns=2_000_000_000,
    attributes={
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"?"}]}]',
        "gen_ai.usage.input_tokens": 1,
    },
    events=[],
    links=[],
    status_code="ok",
    status_message="",
)
"""A span that can be stored if any can. It never is: see `_takes_a_plain_row`."""


class _Written(NamedTuple):
    """What one lease moved."""

    spans: int = 0
    scores: int = 0
    given_up: int = 0
    """Log records that waited too long for their span."""


def store_prepared(settings: Settings, prepared: Prepared) -> tuple[int, int]:
    """Spans and scores that are new in the store.

    When a row may be to blame, the store is asked with half of them, and so on, until those it refuses
    alone are found. When it refuses all of them, and a plain row too, something else is wrong: that is
    raised, and nothing is set aside.
    """
    try:
        written = _write(settings, prepared.rows, prepared.scores, prepared.logs)
    except Exception as error:
        if not _may_be_of_a_row(error):
            raise
        refused: list[tuple[int, Exception]] = []
        stored = _write_what_it_takes(settings, prepared, range(len(prepared.rows)), refused)
        if len(refused) == len(prepared.rows) and not _takes_a_plain_row(settings):
            raise
        for place, reason in refused:
            prepared.reject(prepared.batch_of[place], REFUSED, detail=f"{type(reason).__name__}: {reason}")
        scores = _scores_it_takes(settings, prepared.scores, prepared.rejected)
        written = _write(settings, [], [], prepared.logs)._replace(spans=stored, scores=scores)
    if written.given_up:
        prepared.rejected[NEVER_CAME] += written.given_up
    return written.spans, written.scores


def _scores_it_takes(settings: Settings, scores: Sequence[ScoreRow], rejected: Counter[str]) -> int:
    """Scores that are new in the store; one that it refuses alone is counted and loses no other."""
    try:
        return _write(settings, [], scores).scores
    except Exception as error:
        if not _may_be_of_a_row(error):
            raise
        if len(scores) == 1:
            rejected[_SCORE_REFUSED] += 1
            return 0
    middle = len(scores) // 2
    return sum(_scores_it_takes(settings, half, rejected) for half in (scores[:middle], scores[middle:]))


def _may_be_of_a_row(error: Exception) -> bool:
    if isinstance(error, StoreError):
        return isinstance(error, RowRefused)
    return not isinstance(error, NOBODYS_DATA)


class _Undo(Exception):
    """Ends a lease without a trace."""


def _takes_a_plain_row(settings: Settings) -> bool:
    try:
        with Store.of(settings).write() as writer:
            writer.add_spans([normalize_span(_PLAIN)])
            raise _Undo  # noqa: TRY301 -- the only way out of a lease that leaves nothing behind
    except _Undo:
        return True
    except Exception as error:
        if not _may_be_of_a_row(error):
            raise
        return False


def _write_what_it_takes(
    settings: Settings, prepared: Prepared, places: range, refused: list[tuple[int, Exception]]
) -> int:
    if not places:
        return 0
    try:
        return _write(settings, [prepared.rows[place] for place in places], []).spans
    except Exception as error:
        if not _may_be_of_a_row(error):
            raise
        if len(places) == 1:
            refused.append((places[0], error))
            return 0
    middle = len(places) // 2
    return sum(_write_what_it_takes(settings, prepared, half, refused) for half in (places[:middle], places[middle:]))


def _write(
    settings: Settings, rows: Sequence[SpanRow], scores: Sequence[ScoreRow], logs: Sequence[RawLog] = ()
) -> _Written:
    if not rows and not scores and not logs:
        return _Written()
    with Store.of(settings).write() as writer:
        rows, there = ended_first(rows), writer.there(rows)
        ended = join_end(writer, rows, there)
        again = join_content(writer, rows, [log for log in logs if not is_evaluation(log)])
        link_calls(writer, [*rows, *again])
        writer.replace_spans([*ended, *again])
        results = [log for log in logs if is_evaluation(log)]
        scores = scores_of_answers(writer, [*rows, *again], results, scores)
        return _Written(
            writer.add_spans(rows, there),
            writer.add_scores(scores) if scores else 0,
            writer.drop_logs(days=GIVEN_UP_DAYS) if logs else 0,
        )
