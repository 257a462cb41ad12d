"""Writing: rows go in as they come, and a row that is there already is left alone."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import duckdb

from otel_i2e.models import (
    Calibration,
    CaseRun,
    Contract,
    Decision,
    Experiment,
    JudgeStanding,
    Label,
    LedgerRow,
    Override,
    RecordedVerdict,
    ScorerIdentity,
    ScoreRow,
    SpanRow,
    StoredCase,
)
from otel_i2e.store.answers import calls_that_gave, move_scores, scores_naming
from otel_i2e.store.insert import ROWS_AT_ONCE, insert, insert_records, json_text, plain
from otel_i2e.store.pack import packed
from otel_i2e.store.repeats import Near, calls_near, link, spans_between
from otel_i2e.store.rows import fetched
from otel_i2e.store.waiting import remove_spans, stored_rows, take_logs, waiting

__all__ = ["Writer"]

_KEYS: Final = "SELECT unnest(from_json($keys, '[[\"VARCHAR\"]]')) AS key"
_STORED_SPANS: Final = f"""
SELECT trace_id, span_id, duration_ms IS NOT NULL OR end_time <> start_time FROM span_rows
SEMI JOIN ({_KEYS}) AS sent ON sent.key[1] = trace_id AND sent.key[2] = span_id
WHERE start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
"""
_FORGET_MERGED: Final = f"""
DELETE FROM merged_calls WHERE EXISTS (FROM ({_KEYS}) AS sent WHERE sent.key[1] = trace_id AND sent.key[2] = span_id)
"""
_STORED_SCORES: Final = f"SELECT score_id FROM {{table}} SEMI JOIN ({_KEYS}) AS sent ON sent.key[1] = score_id"
_STORED_IDENTITIES: Final = f"""
SELECT scorer, scorer_version FROM scorer_identities
SEMI JOIN ({_KEYS}) AS sent ON sent.key[1] = scorer AND sent.key[2] = scorer_version
"""
_STORED_VERDICTS: Final = f"SELECT request FROM verdicts SEMI JOIN ({_KEYS}) AS sent ON sent.key[1] = request"


class Writer:
    """What may be done inside a write lease. Everything is one transaction, committed when the lease ends."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def there(self, rows: Sequence[SpanRow]) -> dict[tuple[str, str], bool]:
        """Those of these spans, by trace and span id, that are stored → whether they had ended, as far as was told.

        The look at what is there is bounded to the batch's time range, because a span that is sent twice has
        the same start: 4 ms, against 28 ms unbounded, in a million spans.
        """
        if not rows:
            return {}
        starts = [row["start_time"] for row in rows]
        bounds = {"first": min(starts), "last": max(starts)}
        found = self._stored(_STORED_SPANS, {(row["trace_id"], row["span_id"]) for row in rows}, bounds)
        return {(trace_id, span_id): ended for trace_id, span_id, ended in found}

    def add_spans(self, rows: Sequence[SpanRow], there: Collection[tuple[str, str]] | None = None) -> int:
        """Store spans that are not there yet, by trace and span id; the number that was new.

        `there`, where it is known, is what `there` gives. Of two in one call the first counts.
        """
        unique = {(row["trace_id"], row["span_id"]): row for row in reversed(rows)}
        there = self.there(rows) if there is None else there
        new = [row for key, row in unique.items() if key not in there]
        new.sort(key=lambda row: (row["start_time"], row["trace_id"]))  # sorted: a query over a day reads a day
        now = time.time_ns() // 1000
        for start in range(0, len(new), ROWS_AT_ONCE):  # a part at a time: packed rows are copies
            part = [_span_row(row, now) for row in new[start : start + ROWS_AT_ONCE]]
            insert(self._connection, "span_rows", part)
        return len(new)

    def stored_spans(self, keys: Collection[tuple[str, str]]) -> list[SpanRow]:
        """The rows of those of these spans, by trace and span id, that are stored: as they were given."""
        return stored_rows(self._connection, keys) if keys else []

    def replace_spans(self, rows: Sequence[SpanRow]) -> None:
        """Store what is known of stored spans by now, in place of what was known, and when that came."""
        if rows:
            remove_spans(self._connection, rows)
            now = time.time_ns() // 1000
            self.add_spans([{**row, "changed_at": now} for row in rows])

    def keep_logs(self, records: Sequence[tuple[str, str, str]]) -> None:
        """Keep log records (trace id, span id, JSON text) until their span is stored; one that waits already once."""
        now = time.time_ns() // 1000
        names = ("trace_id", "span_id", "record")
        there = set(waiting(self._connection, {(trace, span) for trace, span, _ in records}))
        new = [record for record in dict.fromkeys(records) if record not in there]
        insert(
            self._connection,
            "waiting_logs",
            [{**dict(zip(names, record, strict=True)), "received_at": now} for record in new],
        )

    def take_logs(self, keys: Collection[tuple[str, str]]) -> list[tuple[str, str, str]]:
        """The log records that wait for these spans; they wait no longer."""
        return take_logs(self._connection, keys)

    def drop_logs(self, *, days: int) -> int:
        """Give up on log records that have waited for more than `days`; how many."""
        old = "DELETE FROM waiting_logs WHERE received_at < now() - to_days(CAST(? AS INTEGER))"
        return int(self._connection.execute(old, [days]).fetchall()[0][0])

    def calls_near(self, near: Near, columns: Sequence[str], filled: Sequence[str]) -> list[dict[str, Any]]:
        """Stored model calls that may be the same as new ones; see `repeats.calls_near`."""
        return calls_near(self._connection, near, columns, filled)

    def spans_between(self, near: Near) -> list[dict[str, Any]]:
        """Stored spans that may lie between model calls; see `repeats.spans_between`."""
        return spans_between(self._connection, near)

    def calls_that_gave(self, response_ids: Collection[str]) -> list[dict[str, Any]]:
        """Stored model calls with these response ids; see `answers.calls_that_gave`."""
        return calls_that_gave(self._connection, response_ids)

    def scores_naming(self, response_ids: Collection[str]) -> list[dict[str, Any]]:
        """Stored scores that name these answers; see `answers.scores_naming`."""
        return scores_naming(self._connection, response_ids)

    def move_scores(self, places: Mapping[str, tuple[tuple[str, str], str | None]]) -> None:
        """Put stored scores onto other spans; see `answers.move_scores`."""
        if places:
            move_scores(self._connection, places)

    def link(
        self,
        links: Mapping[tuple[str, str], tuple[str, str] | None],
        wrappers: Collection[tuple[str, str]],
        near: Near,
    ) -> None:
        """Say of stored spans, by trace and span id, which span they repeat; None: none. See `repeats.link`."""
        if links:
            link(self._connection, links, wrappers, near)

    def put_merged(self, merged: Mapping[tuple[str, str], Mapping[str, Any]], of: Collection[tuple[str, str]]) -> None:
        """Keep what the rows of calls say together, by the trace and span id of the row to keep, in place of what was
        kept for `of`: columns of `merged_calls`, JSON as text.
        """
        if of:
            self._connection.execute(_FORGET_MERGED, {"keys": json_text(list(of))})
        rows = [{"trace_id": key[0], "span_id": key[1], **columns} for key, columns in merged.items()]
        insert(self._connection, "merged_calls", rows)

    def add_scores(self, rows: Sequence[ScoreRow]) -> int:
        """Store scores that are not there yet, by score_id; the number that was new."""
        return self._add_scores("scores", rows)

    def add_shadow_scores(self, rows: Sequence[ScoreRow]) -> int:
        """Store scores of rules in shadow, which count nowhere, as `add_scores` does."""
        return self._add_scores("shadow_scores", rows)

    def _add_scores(self, table: str, rows: Sequence[ScoreRow]) -> int:
        unique = {(row.score_id,): row for row in reversed(rows)}
        stored = self._stored(_STORED_SCORES.format(table=table), unique) if unique else set[tuple[Any, ...]]()
        new = [row for key, row in unique.items() if key not in stored]
        insert_records(self._connection, table, new[::-1])
        return len(new)

    def add_ledger(self, rows: Sequence[LedgerRow]) -> int:
        """Store attempts to score; the number of them."""
        insert_records(self._connection, "score_ledger", rows)
        return len(rows)

    def add_identities(self, identities: Sequence[ScorerIdentity]) -> int:
        """Keep what versions of scorers are; one that is kept already stays. The number of new ones."""
        unique = {(one.scorer, one.scorer_version): one for one in reversed(identities)}
        stored = self._stored(_STORED_IDENTITIES, unique) if unique else set[tuple[Any, ...]]()
        new = [one for key, one in unique.items() if key not in stored]
        insert(self._connection, "scorer_identities", [_fields(one) for one in new])
        return len(new)

    def add_cases(self, cases: Sequence[StoredCase]) -> None:
        """Store revisions of cases. Nothing is overwritten: the latest revision is the case."""
        insert(self._connection, "cases", [_case_row(case) for case in cases])

    def add_experiment(self, experiment: Experiment) -> None:
        """Store an experiment with its runs; one that is there already is left alone."""
        there = "SELECT 1 FROM experiments WHERE experiment_id = ?"
        if self._connection.execute(there, [experiment.experiment_id]).fetchall():
            return
        row = _fields(experiment, leave={"runs", "cases"})
        row["cases"] = json_text([case.model_dump(mode="json") for case in experiment.cases])
        insert(self._connection, "experiments", [row])
        insert(self._connection, "experiment_runs", [_run_row(experiment, run) for run in experiment.runs])

    def add_override(self, override: Override) -> None:
        """Store an override."""
        insert(self._connection, "overrides", [_fields(override, leave={"spent_on"})])

    def spend_override(self, override_id: str, experiment_id: str, used_at: datetime) -> bool:
        """Say which experiment used an override; False when another one has used it already."""
        there = self.rows("SELECT experiment_id FROM override_uses WHERE override_id = ?", [override_id])
        if not there:
            row = {"override_id": override_id, "experiment_id": experiment_id, "used_at": used_at}
            insert(self._connection, "override_uses", [plain(row)])
        return all(row["experiment_id"] == experiment_id for row in there)

    def add_standing(self, standing: JudgeStanding) -> None:
        """Store what calibration says of a judge identity; the latest counts."""
        insert(self._connection, "judge_standings", [_fields(standing)])

    def add_labels(self, labels: Sequence[Label]) -> None:
        """Store what people said; the latest of a reviewer counts."""
        insert(self._connection, "labels", [_fields(label) for label in labels])

    def add_calibration(self, calibration: Calibration) -> None:
        """Store what came of a calibration."""
        names = {"calibration_id", "scorer", "scorer_version", "model", "created_at"}
        row = plain({name: getattr(calibration, name) for name in names})
        insert(self._connection, "calibrations", [{**row, "body": calibration.model_dump_json()}])

    def add_verdicts(self, verdicts: Sequence[RecordedVerdict]) -> int:
        """Keep verdicts of judges under what was asked; one that is kept already stays. The number of new ones."""
        unique = {(one.request,): one for one in reversed(verdicts)}
        stored = self._stored(_STORED_VERDICTS, unique) if unique else set[tuple[Any, ...]]()
        new = [one for key, one in unique.items() if key not in stored]
        insert(self._connection, "verdicts", [_fields(one) for one in new])
        return len(new)

    def add_decision(self, decision: Decision) -> None:
        """Store a decision of the gate."""
        names = {"experiment_id", "baseline_id", "dataset", "verdict", "decided_at"}
        row = plain({name: getattr(decision, name) for name in names})
        insert(self._connection, "gate_decisions", [{**row, "body": decision.model_dump_json()}])

    def rows(self, sql: str, params: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of our own SQL, as `Reader.rows`: what a writer must know before it writes."""
        return fetched(self._connection, sql, params)

    def _stored(
        self, sql: str, keys: Collection[tuple[str, ...]], params: Mapping[str, Any] | None = None
    ) -> set[tuple[Any, ...]]:
        """Those of `keys` that are in the table."""
        return set(self._connection.execute(sql, {"keys": json_text(list(keys)), **(params or {})}).fetchall())


def _span_row(row: SpanRow, now: int) -> dict[str, Any]:
    out = packed(row)
    if out.get("ingested_at") is None:
        out["ingested_at"] = now
    return out


def _fields(value: Contract, *, leave: Iterable[str] = ()) -> dict[str, Any]:
    return plain({name: getattr(value, name) for name in type(value).model_fields if name not in set(leave)})


def _case_row(stored: StoredCase) -> dict[str, Any]:
    case, origin = stored.case, stored.case.origin
    return _fields(stored, leave={"case"}) | {
        "case_id": case.id,
        "priority": case.priority,
        "failure_mode": case.failure_mode,
        "trace_id": origin.trace_id if origin else None,
        "span_id": origin.span_id if origin else None,
        "body": case.model_dump_json(),
    }


def _run_row(experiment: Experiment, run: CaseRun) -> dict[str, Any]:
    attempts = json_text([attempt.model_dump(mode="json") for attempt in run.attempts])
    return _fields(run, leave={"attempts"}) | {"experiment_id": experiment.experiment_id, "attempts": attempts}
