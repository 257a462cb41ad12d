"""Spool → normalize → store: what was recorded becomes rows.

    claim ──► decode, images out, long values cut, normalize (no lease held) ──► one write lease: spans, scores ──► done

A crash anywhere hands the batches out again, and the store takes each span once. What cannot be stored
is counted with a reason and set aside, and never holds up the rest. That is said of single spans only: what
every span would meet, such as a full disk or a defect of ours, is raised, and the batches wait.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import DecodeError, RowRefused, StoreError, StoreLocked
from otel_i2e.models import ScoreRow, SpanRow
from otel_i2e.normalize import (
    Keep,
    RawLog,
    RawSpan,
    decode_logs,
    decode_traces,
    event_scores,
    is_content,
    is_evaluation,
    normalize_span,
    refusal,
    scores_of,
    shorten_log,
    shorten_span,
    slim_log,
    slim_span,
)
from otel_i2e.spool import Batch, Spool
from otel_i2e.store import Store
from otel_i2e.workflows.blobs import keep_blobs
from otel_i2e.workflows.late_content import GIVEN_UP_DAYS, join_content
from otel_i2e.workflows.linking import link_calls
from otel_i2e.workflows.rejects import rejects_folder, set_aside

__all__ = ["IngestReport", "drain", "ingest"]

_CLAIM_BYTES: Final = 16_000_000
_BREATH: Final = 0.02  # between two leases, so that a waiting reader gets in
_POLL: Final = 0.05
_NEVER_CAME: Final = "log record: its span did not come within a week"
_CHANGED: Final = "request: its bytes changed on the disk, in the spool"
_REFUSED: Final = "span: refused by the store"
_SCORE_REFUSED: Final = "score: refused by the store"
_NOBODYS_DATA: Final = (NameError, ImportError, MemoryError, OSError)
"""What no span can cause: the program, or the machine."""
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


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one `ingest` moved."""

    received: int = 0
    """Spans and log records that were decoded."""
    stored: int = 0
    """Spans that are new in the store."""
    duplicate: int = 0
    """Spans that the store had already."""
    rejected: dict[str, int] = field(default_factory=dict[str, int])
    """Reason → spans, log records or, where nothing could be decoded, items as the sender counted them."""
    scores: int = 0
    """Scores that are new in the store."""

    def plus(self, other: IngestReport) -> IngestReport:
        """The sum of both."""
        return IngestReport(
            self.received + other.received,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            dict(Counter(self.rejected) + Counter(other.rejected)),
            self.scores + other.scores,
        )


class _Written(NamedTuple):
    """What one lease moved."""

    spans: int = 0
    scores: int = 0
    given_up: int = 0
    """Log records that waited too long for their span."""


@dataclass(slots=True)
class _Prepared:
    """Rows of one claim, and what could not become rows."""

    rows: list[SpanRow] = field(default_factory=list[SpanRow])
    scores: list[ScoreRow] = field(default_factory=list[ScoreRow])
    logs: list[RawLog] = field(default_factory=list[RawLog])
    """Log records with content whose spans are not among these."""
    received: int = 0
    rejected: Counter[str] = field(default_factory=Counter[str])
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """SHA-256 → images and files that were taken out of the rows."""
    batch_of: list[Batch] = field(default_factory=list[Batch])
    """Of each row."""
    set_aside: dict[int, set[str]] = field(default_factory=dict[int, set[str]])
    """Batch id → why its bytes are kept."""

    def reject(self, batch: Batch, reason: str, n: int = 1, detail: str = "") -> None:
        self.rejected[reason] += n
        self.set_aside.setdefault(batch.id, set()).add(detail or reason)


def ingest(settings: Settings, *, spool: Spool | None = None, stop: threading.Event | None = None) -> IngestReport:
    """Move everything that waits in the spool into the store; once `stop` is set, no further lease is begun.

    Nothing happens when another process is doing so. Raises StoreLocked, StoreError and SpoolError, and whatever a
    defect of ours raises; then what was not moved waits on.
    """
    if not settings.spool_path.exists():
        return IngestReport()
    own = spool is None
    spool = spool or Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    stop = stop or threading.Event()
    report = IngestReport()
    try:
        while not stop.is_set() and (moved := _move(settings, spool)) is not None:
            report = report.plus(moved)
            stop.wait(_BREATH)
    finally:
        if own:
            spool.close()
    return report


def drain(settings: Settings, timeout: float) -> bool:
    """`ingest`, and wait for whoever else is doing so; False when the spool was not empty after `timeout` seconds."""
    if not settings.spool_path.exists():
        return True
    deadline = time.monotonic() + timeout
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        spool.recover()
        while spool.stats().batches:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                ingest(replace(settings, lock_timeout=min(settings.lock_timeout, left)), spool=spool)
            except StoreLocked:
                continue
            time.sleep(_POLL)
    finally:
        spool.close()
    return True


def _move(settings: Settings, spool: Spool) -> IngestReport | None:
    """One claim's worth; None when there was nothing to claim."""
    with spool.claim(max_bytes=_CLAIM_BYTES) as batches:
        if not batches:
            return None
        prepared = _prepare(batches, settings.max_content_bytes)
        keep_blobs(settings, prepared.blobs)  # before a row refers to them
        stored, scores = _store(settings, prepared)
        _set_aside(settings, spool, batches, prepared)
        spool.done(batches)
    duplicate = len(prepared.rows) - stored - prepared.rejected[_REFUSED]
    for counter, n in (("stored", stored), ("duplicate", duplicate)):
        if n:
            spool.count(counter, n=n)
    for reason, n in prepared.rejected.items():
        spool.count("rejected", reason, n)
    return IngestReport(prepared.received, stored, duplicate, dict(prepared.rejected), scores)


def _prepare(batches: Sequence[Batch], limit: int | None = None) -> _Prepared:
    """Rows of `batches`, values of at most `limit` bytes in them.

    A log record's content goes onto its span when both are here; else it is left for later.
    """
    prepared = _Prepared()
    keep = prepared.blobs.__setitem__
    spans: list[tuple[Batch, RawSpan]] = []
    logs: list[tuple[Batch, RawLog]] = []
    for batch in batches:
        if not batch.intact:
            prepared.reject(batch, _CHANGED, batch.items)
            continue
        try:
            if batch.signal == "logs":
                logs += [(batch, _slim_log(log, keep, limit)) for log in decode_logs(batch.body, batch.encoding)]
            else:
                spans += [(batch, _slim_span(span, keep, limit)) for span in decode_traces(batch.body, batch.encoding)]
        except DecodeError as error:
            prepared.reject(batch, f"{batch.signal}: not decodable", max(1, batch.items), str(error))
    prepared.received = len(spans) + len(logs)
    contents = _contents(logs)
    for batch, span in spans:
        _add_span(prepared, batch, span, [log for _, log in contents.pop((span.trace_id, span.span_id), ())])
    for batch, log in chain.from_iterable(contents.values()):
        if log.trace_id.strip("0") and log.span_id.strip("0"):
            prepared.logs.append(log)
        else:
            prepared.reject(batch, "log record: content of no span")
    _add_scores(prepared, logs, [span for _, span in spans])
    return prepared


def _slim_span(sent: RawSpan, keep: Keep, limit: int | None) -> RawSpan:
    slim = slim_span(sent, keep)
    return slim if limit is None else shorten_span(slim, limit, sent)


def _slim_log(sent: RawLog, keep: Keep, limit: int | None) -> RawLog:
    slim = slim_log(sent, keep)
    return slim if limit is None else shorten_log(slim, limit, sent)


def _contents(logs: Iterable[tuple[Batch, RawLog]]) -> dict[tuple[str, str], list[tuple[Batch, RawLog]]]:
    """Log records that carry content, by the span they were emitted in."""
    found: defaultdict[tuple[str, str], list[tuple[Batch, RawLog]]] = defaultdict(list)
    for batch, log in logs:
        if is_content(log):
            found[log.trace_id, log.span_id].append((batch, log))
    return found


def _add_span(prepared: _Prepared, batch: Batch, span: RawSpan, logs: Sequence[RawLog]) -> None:
    if (reason := refusal(span)) is not None:
        prepared.reject(batch, f"span: {reason}")
        return
    try:
        row = normalize_span(span, logs)
    except _NOBODYS_DATA:
        raise
    except Exception as error:  # noqa: BLE001 -- a mistake of ours in one span must not hold up all others
        prepared.reject(batch, f"span: {type(error).__name__} in normalize", detail=f"span {span.span_id}: {error!r}")
        return
    prepared.rows.append(row)
    prepared.batch_of.append(batch)


def _add_scores(prepared: _Prepared, logs: Sequence[tuple[Batch, RawLog]], spans: Sequence[RawSpan]) -> None:
    for batch, log in logs:
        if is_evaluation(log):
            scores = scores_of([log])
            prepared.scores += scores
            if not scores:
                prepared.reject(batch, "evaluation: no trace id, no name, or neither value nor label")
    prepared.scores += event_scores(spans)


def _store(settings: Settings, prepared: _Prepared) -> tuple[int, int]:
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
            prepared.reject(prepared.batch_of[place], _REFUSED, detail=f"{type(reason).__name__}: {reason}")
        scores = _scores_it_takes(settings, prepared.scores, prepared.rejected)
        written = _write(settings, [], [], prepared.logs)._replace(spans=stored, scores=scores)
    if written.given_up:
        prepared.rejected[_NEVER_CAME] += written.given_up
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
    return not isinstance(error, _NOBODYS_DATA)


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
    settings: Settings, prepared: _Prepared, places: range, refused: list[tuple[int, Exception]]
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
        again = join_content(writer, rows, logs)
        link_calls(writer, [*rows, *again])
        writer.replace_spans(again)
        return _Written(
            writer.add_spans(rows) if rows else 0,
            writer.add_scores(scores) if scores else 0,
            writer.drop_logs(days=GIVEN_UP_DAYS) if logs else 0,
        )


def _set_aside(settings: Settings, spool: Spool, batches: Sequence[Batch], prepared: _Prepared) -> None:
    folder = rejects_folder(settings)
    for batch in batches:
        if batch.id in prepared.set_aside and not set_aside(folder, batch, "\n".join(prepared.set_aside[batch.id])):
            spool.count("rejected_bytes_lost", "the folder for rejected requests could not be written")
