"""Evaluation results that name the answer they are about → scores of the call that gave it, in whichever trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from otel_i2e.models import ScoreRow, SpanRow
from otel_i2e.normalize import RawLog, evaluated_answer, is_call, log_of, log_text, named_answer, placed, score_of
from otel_i2e.store import Writer

__all__ = ["scores_of_answers"]

Key = tuple[str, str]
_NO_TRACE: Final = ""
"""In place of a trace id, where a log record waits for an answer; its id stands in place of the span id."""


def scores_of_answers(
    writer: Writer, rows: Sequence[SpanRow], results: Sequence[RawLog], scores: Sequence[ScoreRow] = ()
) -> list[ScoreRow]:
    """`scores` and those of `results`, each that names an answer on the call that gave it.

    New, linked `rows` may have given what stored scores and log records that wait are about: these are moved, those are
    scores now. Until then a score is of where it was emitted; without such a place it waits.
    """
    new = {row["response_id"] for row in rows if is_call(row) and row["response_id"]}
    waited = writer.take_logs({(_NO_TRACE, answer) for answer in new}) if new else []
    told = [*results, *(log_of(*record) for record in waited)]
    stored = writer.scores_naming(new) if new else []
    named = {score.score_id: answer for score in scores if (answer := named_answer(score)) is not None}
    if not told and not stored and not named:
        return list(scores)
    answers = {answer for log in told if (answer := evaluated_answer(log)) is not None}
    answers |= {row["answer"] for row in stored} | set(named.values())
    calls = _calls([*writer.calls_that_gave(answers), *(row for row in rows if row["response_id"] in answers)])
    writer.move_scores(_moved(stored, calls))
    found = [_placed(score, named.get(score.score_id), calls) for score in scores]
    for log in told:
        answer = evaluated_answer(log) or ""
        score = score_of(log) or score_of(log, calls.get((_NO_TRACE, answer)))
        if score is not None:
            found.append(_placed(score, answer, calls))
        elif (_NO_TRACE, answer) not in calls:
            writer.keep_logs([(_NO_TRACE, answer, log_text(log))])
    return found


def _placed(score: ScoreRow, answer: str | None, calls: Mapping[Key, Key]) -> ScoreRow:
    call = _call(score.trace_id, answer, calls)
    return score if call is None else placed(score, call)


def _moved(stored: Sequence[Mapping[str, Any]], calls: Mapping[Key, Key]) -> dict[str, tuple[Key, str | None]]:
    """Id of each stored score that lies elsewhere than on its call → the call, and the trace that it came from, if
    that is another.
    """
    moved: dict[str, tuple[Key, str | None]] = {}
    for row in stored:
        emitted = row["emitted"] or row["trace_id"]
        call = _call(emitted, row["answer"], calls)
        if call is not None and call != (row["trace_id"], row["span_id"]):
            moved[row["score_id"]] = (call, None if emitted == call[0] else emitted)
    return moved


def _call(trace_id: str, answer: str | None, calls: Mapping[Key, Key]) -> Key | None:
    """The call that gave the answer in this trace, or else in any."""
    return None if answer is None else calls.get((trace_id, answer)) or calls.get((_NO_TRACE, answer))


def _calls(rows: Iterable[SpanRow]) -> dict[Key, Key]:
    """Trace id and response id → the call to keep of those that gave the answer there; of any trace, the latest."""
    found: dict[Key, Key] = {}
    for row in sorted(rows, key=lambda row: (row["start_time"], row["trace_id"], row["span_id"])):
        repeated = row["duplicate_of"]
        key = (row["trace_id"], row["span_id"])
        kept = key if repeated is None else (row["duplicate_trace_id"] or row["trace_id"], repeated)
        found[row["trace_id"], row["response_id"]] = found[_NO_TRACE, row["response_id"]] = kept
    return found
