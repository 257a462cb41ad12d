"""Batches of the spool → rows, with no lease held: decode, images out, long values cut, normalize.

One request at a time becomes rows, and is let go of: what a claim needs in memory is its rows.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, TypeVar

from otel_i2e.blobs import Keep
from otel_i2e.errors import DecodeError
from otel_i2e.models import ScoreRow, SpanRow
from otel_i2e.normalize import (
    RawLog,
    RawSpan,
    decode_logs,
    decode_traces,
    evaluated_answer,
    evaluation_refusal,
    event_scores,
    is_content,
    is_evaluation,
    log_text,
    normalize_span,
    refusal,
    scores_of,
    shorten_log,
    shorten_span,
    slim_log,
    slim_span,
    within_bounds,
)
from otel_i2e.spool import Batch
from otel_i2e.workflows.item_time import MOST_SECONDS, TooSlow, Watch, watched

__all__ = ["NOBODYS_DATA", "TOO_SLOW", "Prepared", "Preparing", "prepare", "prepared_here"]

TOO_SLOW: Final = f"took more than {MOST_SECONDS:g} seconds of processor time to read"
"""Why an item is rejected that would hold up all others."""
_log = logging.getLogger("otel_i2e")

T = TypeVar("T")
_CHANGED: Final = "request: its bytes changed on the disk, in the spool"
NOBODYS_DATA: Final = (NameError, ImportError, MemoryError, OSError)
"""What no span can cause: the program, or the machine."""

_MOST_BLOBS: Final = 2_000
"""Images and files of one request that become files of their own, each of which waits for the disk."""
_LARGE: Final = 12_288
"""Bytes; one of these becomes a file in any case."""

Contents = dict[tuple[str, str], list[tuple[Batch, RawLog]]]
"""Log records that carry content, by the span they were emitted in."""


@dataclass(slots=True)
class Prepared:
    """Rows of one claim, and what could not become rows."""

    rows: list[SpanRow] = field(default_factory=list[SpanRow])
    scores: list[ScoreRow] = field(default_factory=list[ScoreRow])
    logs: list[RawLog] = field(default_factory=list[RawLog])
    """Log records with content whose spans are not among these, and evaluation results of answers by their id."""
    received: int = 0
    logs_read: int = 0
    """Log records whose content goes onto spans, or that are scores."""
    logs_skipped: int = 0
    """Log records that are neither."""
    rejected: Counter[str] = field(default_factory=Counter[str])
    cut: int = 0
    """Spans without all of the resource that they share with too many."""
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """SHA-256 → images and files that were taken out of the rows."""
    batch_of: list[int] = field(default_factory=list[int])
    """Id of each row's batch."""
    set_aside: dict[int, set[str]] = field(default_factory=dict[int, set[str]])
    """Batch id → why its bytes are kept."""

    def keeping(self) -> Keep:
        """What takes the blobs of one request, and of small ones so many that ingest goes on."""
        left = _MOST_BLOBS

        def keep(digest: str, data: bytes) -> bool:
            nonlocal left
            if digest not in self.blobs:
                if left <= 0 and len(data) < _LARGE:
                    return False
                left -= 1
                self.blobs[digest] = data
            return True

        return keep

    def reject(self, batch: int, reason: str, n: int = 1, detail: str = "") -> None:
        """Count `n` items of the batch with this id as rejected; its bytes are kept."""
        self.rejected[reason] += n
        self.set_aside.setdefault(batch, set()).add(detail or reason)

    def reject_log(self, batch: int, reason: str) -> None:
        """Count one log record of the batch with this id as rejected, which was counted as read."""
        self.logs_read -= 1
        self.reject(batch, reason)

    def add(self, more: Prepared) -> None:
        """What `more` holds, too."""
        self.rows += more.rows
        self.scores += more.scores
        self.logs += more.logs
        self.received += more.received
        self.logs_read += more.logs_read
        self.logs_skipped += more.logs_skipped
        self.rejected += more.rejected
        self.cut += more.cut
        self.blobs |= more.blobs
        self.batch_of += more.batch_of
        self.set_aside |= more.set_aside


Portions = Iterable[list[Batch]]
Preparing = Callable[[Portions, int | None], Generator[tuple[list[Batch], Prepared]]]
"""Portions of the spool and the limit of `prepare` → each portion with its rows, in order."""


def prepared_here(portions: Portions, limit: int | None) -> Generator[tuple[list[Batch], Prepared]]:
    """Each portion when its turn comes, in this thread."""
    for batches in portions:
        yield batches, prepare(batches, limit)


def prepare(batches: Sequence[Batch], limit: int | None = None) -> Prepared:
    """Rows of `batches`, values of at most `limit` bytes in them.

    A log record's content goes onto its span when both are here; else it is left for later.
    """
    prepared = Prepared()
    intact = [batch for batch in batches if batch.intact]
    for batch in batches:
        if not batch.intact:
            prepared.reject(batch.id, _CHANGED, batch.items)
    with watched() as watch:
        contents = _contents(_logs(prepared, (batch for batch in intact if batch.signal == "logs"), limit, watch))
        for batch in intact:
            if batch.signal != "logs":
                _add_spans(prepared, batch, contents, limit, watch)
    for batch, log in chain.from_iterable(contents.values()):
        if not (log.trace_id.strip("0") and log.span_id.strip("0")):
            prepared.reject_log(batch.id, "log record: content of no span")
        elif (reason := refusal(log)) is not None:
            prepared.reject_log(batch.id, f"log record: {reason}")
        else:
            prepared.logs.append(log)
    return prepared


def _logs(prepared: Prepared, batches: Iterable[Batch], limit: int | None, watch: Watch) -> list[tuple[Batch, RawLog]]:
    logs: list[tuple[Batch, RawLog]] = []
    for batch in batches:
        sent = _decoded(prepared, batch, decode_logs, watch)
        prepared.received += len(sent)
        keep = prepared.keeping()
        for log in sent:
            try:
                logs.append((batch, watch.timed(_slim_log, log, keep, limit)))
            except NOBODYS_DATA:
                raise
            except (Exception, TooSlow) as error:  # noqa: BLE001 -- as of a span
                _reject_item(prepared, batch, f"log record of span {log.span_id}", error)
    for batch, log in logs:
        is_read = is_evaluation(log) or is_content(log)
        prepared.logs_read += is_read
        prepared.logs_skipped += not is_read
        if is_evaluation(log):
            _add_scores(prepared, batch, log)
    return logs


def _contents(logs: Iterable[tuple[Batch, RawLog]]) -> Contents:
    """A request that was sent again because its answer was lost says nothing new."""
    seen: set[tuple[str, str, str]] = set()
    found: defaultdict[tuple[str, str], list[tuple[Batch, RawLog]]] = defaultdict(list)
    for batch, log in logs:
        if is_content(log) and (key := (log.trace_id, log.span_id, log_text(log))) not in seen:
            seen.add(key)
            found[log.trace_id, log.span_id].append((batch, log))
    return found


def _slim_log(log: RawLog, keep: Keep, limit: int | None) -> RawLog:
    slim = slim_log(log, keep)
    return slim if limit is None else shorten_log(slim, limit, log)


def _add_spans(prepared: Prepared, batch: Batch, contents: Contents, limit: int | None, watch: Watch) -> None:
    sent = _decoded(prepared, batch, decode_traces, watch)
    prepared.received += len(sent)
    keep = prepared.keeping()
    sent, cut = within_bounds(sent, len(batch.body))
    prepared.cut += cut
    for span in sent:
        logs = contents.pop((span.trace_id, span.span_id), ()) if contents else ()
        try:
            row, scores = watch.timed(_row, span, [log for _, log in logs], keep, limit)
        except NOBODYS_DATA:
            raise
        except (Exception, TooSlow) as error:  # noqa: BLE001 -- one span must not hold up all others
            _reject_item(prepared, batch, f"span {span.span_id}", error)
            continue
        prepared.scores += scores
        if isinstance(row, str):
            prepared.reject(batch.id, f"span: {row}")
        else:
            prepared.rows.append(row)
            prepared.batch_of.append(batch.id)


def _row(span: RawSpan, logs: Sequence[RawLog], keep: Keep, limit: int | None) -> tuple[SpanRow | str, list[ScoreRow]]:
    """The row, or why there is none; and the scores that stand on the span."""
    slim = slim_span(span, keep)
    slim = slim if limit is None else shorten_span(slim, limit, span)
    scores = list(event_scores((slim,)))
    return refusal(slim) or normalize_span(slim, logs), scores


def _reject_item(prepared: Prepared, batch: Batch, item: str, error: BaseException) -> None:
    what = "log record" if batch.signal == "logs" else "span"
    if isinstance(error, TooSlow):
        prepared.reject(batch.id, f"{what}: {TOO_SLOW}", detail=f"{item}: {TOO_SLOW}")
        _log.error("otel-i2e: %s %s; its request is kept with the rejected ones: `i2e status`", item, TOO_SLOW)
    else:
        prepared.reject(batch.id, f"{what}: {type(error).__name__} in normalize", detail=f"{item}: {error!r}")


def _add_scores(prepared: Prepared, batch: Batch, log: RawLog) -> None:
    """One that names an answer is left for later: the call that gave it may stand in any trace."""
    if (reason := evaluation_refusal(log)) is not None:
        prepared.reject_log(batch.id, f"evaluation: {reason}")
    elif evaluated_answer(log) is not None:
        prepared.logs.append(log)
    else:
        prepared.scores += scores_of([log])


def _decoded(prepared: Prepared, batch: Batch, decode: Callable[[bytes, str], list[T]], watch: Watch) -> list[T]:
    """The items of `batch`, or those that can be read; none when it cannot be decoded at all."""
    try:
        return watch.timed(decode, batch.body, batch.encoding)
    except TooSlow:
        prepared.reject(batch.id, f"{batch.signal}: {TOO_SLOW}", max(1, batch.items))
        return []
    except DecodeError as error:
        from otel_i2e.receive.examine import readable  # not in an application that sends what it should
        from otel_i2e.receive.services import LOGS, TRACES

        parts = readable(LOGS if batch.signal == "logs" else TRACES, batch.encoding, batch.body)
        try:
            items = [] if parts is None else decode(parts.body, batch.encoding)
        except DecodeError:
            parts, items = None, []
        if parts is None:
            prepared.reject(batch.id, f"{batch.signal}: not decodable", max(1, batch.items), str(error))
            return []
        prepared.received += sum(parts.lost.values())
        for reason, n in parts.lost.items():
            prepared.reject(batch.id, f"{'log record' if batch.signal == 'logs' else 'span'}: {reason}", n)
        return items
