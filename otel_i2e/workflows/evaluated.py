"""Evaluation results that name the answer they are about → scores of the call that gave it, in whichever trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from otel_i2e.models import ScoreRow, SpanRow
from otel_i2e.normalize import RawLog, evaluated_answer, is_call, log_of, log_text, score_of
from otel_i2e.store import Writer

__all__ = ["scores_of_answers"]

Key = tuple[str, str]
_NO_TRACE: Final = ""
"""In place of a trace id, where a log record waits for an answer; its id stands in place of the span id."""


def scores_of_answers(writer: Writer, rows: Sequence[SpanRow], results: Sequence[RawLog]) -> list[ScoreRow]:
    """Scores of `results`, and of those that waited for an answer which is among the new, linked `rows`.

    One whose answer is not known is a score of where it was emitted; without such a place it waits.
    """
    new = {row["response_id"] for row in rows if is_call(row) and row["response_id"]}
    waited = writer.take_logs({(_NO_TRACE, answer) for answer in new}) if new else []
    told = [*results, *(log_of(*record) for record in waited)]
    if not told:
        return []
    answers = {answer for log in told if (answer := evaluated_answer(log)) is not None}
    calls = _calls([*writer.calls_that_gave(answers), *(row for row in rows if row["response_id"] in answers)])
    scores: list[ScoreRow | None] = []
    for log in told:
        answer = evaluated_answer(log) or ""
        call = calls.get((log.trace_id, answer)) or calls.get((_NO_TRACE, answer))
        if call is not None or log.trace_id.strip("0"):
            scores.append(score_of(log, call))
        else:
            writer.keep_logs([(_NO_TRACE, answer, log_text(log))])
    return [score for score in scores if score is not None]


def _calls(rows: Iterable[SpanRow]) -> dict[Key, Key]:
    """Trace id and response id → the call to keep of those that gave the answer there; of any trace, the latest."""
    found: dict[Key, Key] = {}
    for row in sorted(rows, key=lambda row: (row["start_time"], row["trace_id"], row["span_id"])):
        repeated = row["duplicate_of"]
        key = (row["trace_id"], row["span_id"])
        kept = key if repeated is None else (row["duplicate_trace_id"] or row["trace_id"], repeated)
        found[row["trace_id"], row["response_id"]] = found[_NO_TRACE, row["response_id"]] = kept
    return found
