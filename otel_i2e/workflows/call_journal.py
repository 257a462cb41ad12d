"""Calls that a daily budget counts, in a file beside the store before they are made: a killed process is no free one.

    {"began": [trace, span, rule, scorer, version, attempt], "at": …, "judge": true}    before the call
    {"ended": the same, "row": the ledger's row, "score": the score or null}            after it
    {"lost": rule, "at": …, "judge": true}                                              it began; nobody saw its end

The file is emptied when the rows are in the store. What a killed process left there the next pass settles first: rows
go into the store, so that nothing is asked twice, and a call without an end is spent for the rest of its UTC day.
Lines outlive their process; what the system has not yet written, a power failure takes. An fsync for each line costs
4 ms where a write costs 1 µs, on the event loop that a hundred calls share: a daily budget that may be overspent after
a power failure, by the calls of its last seconds, is the lesser harm.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from otel_i2e.config import Settings
from otel_i2e.errors import StoreError
from otel_i2e.models import Attempt, Json, LedgerRow, ScoreRow
from otel_i2e.store import Store
from otel_i2e.workflows.attempt_rows import rows_of_job, store_rows
from otel_i2e.workflows.attempts import Job
from otel_i2e.workflows.budgets import Budgets, Lost
from otel_i2e.workflows.candidates import micros

__all__ = ["CallJournal", "Noted"]

_log = logging.getLogger("otel_i2e")
_STORED: Final = """
SELECT trace_id, span_id, rule, scorer, scorer_version, attempt FROM score_ledger
WHERE source = 'online' AND created_at >= make_timestamptz($since::BIGINT)
  AND span_id IN (SELECT unnest($spans::VARCHAR[]))
"""
_ROW: Final = TypeAdapter(LedgerRow)
_Key = tuple[Any, ...]
"""Trace, span, rule, scorer, version, number of the attempt."""


class _Call(NamedTuple):
    """A call that began, or is lost."""

    rule: str
    at: datetime
    """When its pass began."""
    judge: bool
    """Whether it asks a judge."""


class CallJournal:
    """For the one process that has the turn to score, and one pass. StoreError where the file cannot be written."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self._path = settings.store_path.with_name(settings.store_path.name + ".calls")
        self._now = now
        self._file: FileIO | None = None
        self._lost: list[_Call] = []

    def settle(self, store: Store) -> None:
        """Store what a killed process left, and note which of its calls have no end. Raises StoreLocked, too."""
        left = _Left(self._path)
        stored = _stored(store, left.began)
        store_rows(store, [rows for key, rows in left.ended.items() if key not in stored])
        lost = [call for key, call in left.began.items() if key not in left.ended and key not in stored]
        today = self._now.astimezone(UTC).date()
        self._lost = [call for call in left.lost + lost if call.at.astimezone(UTC).date() >= today]
        self.empty()

    def lost_by(self, rule: str) -> Lost:
        """Today's calls of a rule that have no end."""
        own = [call for call in self._lost if call.rule == rule]
        return Lost(len(own), sum(call.judge for call in own))

    def lost_by_judges(self) -> Lost:
        """Those that asked a judge, of all rules."""
        asked = sum(call.judge for call in self._lost)
        return Lost(asked, asked)

    def began(self, job: Job) -> None:
        """A call is about to be made."""
        self._add({"began": _key(job), "at": self._now.isoformat(), "judge": job.scorer.needs_judge})

    def ended(self, job: Job, attempt: Attempt) -> None:
        """What came of it."""
        row, score = rows_of_job(job, attempt, self._now)
        kept = None if score is None else score.model_dump(mode="json")
        self._add({"ended": _key(job), "row": _ROW.dump_python(row, mode="json"), "score": kept})

    def empty(self) -> None:
        """Every row is in the store: keep only what is lost."""
        self.close()
        lines = [_line({"lost": call.rule, "at": call.at.isoformat(), "judge": call.judge}) for call in self._lost]
        try:
            if not lines:
                self._path.unlink(missing_ok=True)
                return
            aside = self._path.with_name(self._path.name + ".new")
            aside.write_bytes(b"".join(lines))
            aside.replace(self._path)
        except OSError as error:
            raise self._cannot_write(error) from None

    def close(self) -> None:
        """Leave the file as it is."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _add(self, line: Json) -> None:
        try:
            if self._file is None:
                self._file = FileIO(self._path, "a")
            self._file.write(_line(line))
        except OSError as error:
            raise self._cannot_write(error) from None

    def _cannot_write(self, error: OSError) -> StoreError:
        return StoreError(
            f"cannot write {str(self._path)!r}, where calls are noted that a daily budget counts: {error.strerror}; "
            "make room, and see whether you may write there"
        )


class Noted:
    """A rule's budgets, with its calls in the journal: an `Allowance`."""

    def __init__(self, budgets: Budgets, journal: CallJournal, *, every: bool) -> None:
        self._budgets = budgets
        self._journal = journal
        self._every = every
        """Whether every call counts; else only those of judges are noted, which cost something."""

    def counts(self, job: Job) -> bool:
        """Every call where the rule has a number of calls; else those of judges."""
        return self._every or job.scorer.needs_judge

    async def take(self, job: Job) -> str | None:
        """None to go ahead, and then it is on record; else which budget is spent."""
        refusal = await self._budgets.take(job.scorer)
        if refusal is None:
            self._journal.began(job)
        return refusal

    def settle(self, job: Job, attempt: Attempt) -> None:
        """Count what an attempt cost."""
        self._journal.ended(job, attempt)
        self._budgets.settle(job.scorer, attempt)


class _Left:
    """What a journal says. A line that cannot be read is passed over: the last one may be torn."""

    def __init__(self, path: Path) -> None:
        self.began: dict[_Key, _Call] = {}
        self.ended: dict[_Key, tuple[LedgerRow, ScoreRow | None]] = {}
        self.lost: list[_Call] = []
        for number, line in enumerate(_lines(path), start=1):
            try:
                self._take(json.loads(line))
            except (ValueError, LookupError, TypeError):
                _log.warning("otel-i2e: %s:%d cannot be read; a daily budget may miss a call", path, number)

    def _take(self, line: Json) -> None:
        if "ended" in line:
            score = line["score"] and ScoreRow.model_validate(line["score"])
            self.ended[tuple(line["ended"])] = (_ROW.validate_python(line["row"]), score)
            return
        at, judge = datetime.fromisoformat(line["at"]), bool(line["judge"])
        if "lost" in line:
            self.lost.append(_Call(line["lost"], at, judge))
        else:
            key = tuple(line["began"])
            self.began[key] = _Call(key[2], at, judge)


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"cannot read {str(path)!r}: {error.strerror}; it has the calls of a killed process") from None


def _line(line: Json) -> bytes:
    return json.dumps(line).encode() + b"\n"


def _key(job: Job) -> _Key:
    span, scorer = job.subject.span, job.scorer
    return (span.trace_id, span.span_id, job.asker.rule, scorer.name, scorer.version, job.attempt)


def _stored(store: Store, began: dict[_Key, _Call]) -> set[_Key]:
    """Which of these attempts the ledger has."""
    if not began:
        return set()
    params = {
        "since": micros(min(call.at for call in began.values())),
        "spans": sorted({key[1] for key in began}),
    }
    with store.read() as reader:
        return {tuple(row.values()) for row in reader.rows(_STORED, params)}
