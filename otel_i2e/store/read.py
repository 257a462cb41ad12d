"""Reading: rows come back as models, or as plain mappings for our own SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb
from pydantic import ValidationError

from otel_i2e.errors import NotFound, StoreError
from otel_i2e.models import (
    Calibration,
    CaseStatus,
    Experiment,
    JudgeStanding,
    Label,
    Override,
    RecordedVerdict,
    ScorerIdentity,
    ScoreRow,
    Span,
    StoredCase,
)
from otel_i2e.store.faults import query_error
from otel_i2e.store.insert import json_text, micros
from otel_i2e.store.one_call import told_by_all
from otel_i2e.store.pack import unpacked
from otel_i2e.store.rows import fetched

__all__ = ["Reader"]

_IDS: Final = "(SELECT unnest(from_json($ids, '[\"VARCHAR\"]')))"
_HOUR: Final = 3_600_000_000
_REPEATS: Final = f"""
SELECT * FROM span_rows
WHERE duplicate_of IN {_IDS}
  AND start_time BETWEEN make_timestamptz($first::BIGINT) AND make_timestamptz($last::BIGINT)
"""
_LATEST_IDS: Final = """
SELECT trace_id FROM span_rows GROUP BY trace_id
HAVING $since IS NULL OR min(start_time) >= make_timestamptz($since::BIGINT)
ORDER BY min(start_time) DESC, trace_id
LIMIT $limit
"""
_FEW: Final = 500
_TRACES_WHERE: Final = """
SELECT * FROM traces
WHERE ($since IS NULL OR start_time >= make_timestamptz($since::BIGINT)) AND (
{where}
)
ORDER BY start_time DESC, trace_id
LIMIT $limit
"""
_SCORES: Final = f"""
SELECT * FROM scores
WHERE ($ids IS NULL OR trace_id IN {_IDS}) AND ($experiment IS NULL OR experiment_id = $experiment)
ORDER BY created_at, score_id
"""
_SHOWN_SCORES: Final = """
WITH repeats AS (
  SELECT trace_id, span_id, duplicate_of FROM span_rows
  WHERE (trace_id = $id AND duplicate_of IS NOT NULL AND duplicate_trace_id IS NULL) OR duplicate_trace_id = $id
)
SELECT s.* REPLACE (
  coalesce(r.duplicate_of, s.span_id) AS span_id, CASE WHEN r.span_id IS NULL THEN s.trace_id ELSE $id END AS trace_id
)
FROM scores AS s
LEFT JOIN repeats AS r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
WHERE s.trace_id IN (SELECT $id UNION ALL SELECT trace_id FROM repeats) AND (s.trace_id = $id OR r.span_id IS NOT NULL)
ORDER BY s.created_at, s.score_id
"""
_CASES: Final = """
SELECT dataset, body, status, revision, note, "by", created_at
FROM (
  SELECT *, row_number() OVER (PARTITION BY dataset, case_id ORDER BY revision DESC, created_at DESC) AS age
  FROM cases
)
WHERE age = 1 AND ($dataset IS NULL OR dataset = $dataset) AND ($case_id IS NULL OR case_id = $case_id)
  AND ($status IS NULL OR status = $status)
ORDER BY created_at, case_id
"""
_EXPERIMENT: Final = """
SELECT * FROM experiments
WHERE ($id IS NULL OR starts_with(experiment_id, $id)) AND ($dataset IS NULL OR dataset = $dataset)
ORDER BY experiment_id = coalesce($id, '') DESC, created_at DESC, experiment_id DESC
LIMIT 2
"""
_RUNS: Final = "SELECT * EXCLUDE (experiment_id) FROM experiment_runs WHERE experiment_id = $id ORDER BY rowid"
_EXPERIMENTS: Final = """
SELECT
  e.* EXCLUDE (cases, metadata),
  json_array_length(e.cases) AS cases,
  (SELECT count(*) FROM experiment_runs AS r WHERE r.experiment_id = e.experiment_id) AS runs,
  (
    SELECT coalesce(
      arg_max(d.verdict, d.decided_at) FILTER (WHERE (d.body ->> '$.policy_from') = $policy_from),
      arg_max(d.verdict, d.decided_at)
    )
    FROM gate_decisions AS d WHERE d.experiment_id = e.experiment_id
  ) AS decision
FROM experiments AS e
ORDER BY created_at DESC, experiment_id DESC
LIMIT $limit
"""
_OVERRIDES = """
SELECT o.* REPLACE (coalesce(o.override_id, '') AS override_id, coalesce(o.scorer_versions, '{}') AS scorer_versions),
  (SELECT min_by(u.experiment_id, u.used_at) FROM override_uses AS u WHERE u.override_id = o.override_id) AS spent_on
FROM overrides AS o
WHERE ($id IS NULL OR o.experiment_id = $id)
  AND ($dataset IS NULL OR o.experiment_id IN (SELECT e.experiment_id FROM experiments AS e WHERE e.dataset = $dataset))
ORDER BY o.created_at, o.case_id
"""
_STANDINGS = """
SELECT * FROM judge_standings
QUALIFY row_number() OVER (PARTITION BY scorer, scorer_version ORDER BY created_at DESC) = 1
ORDER BY scorer, scorer_version
"""
_IDENTITIES: Final = """
SELECT * FROM scorer_identities WHERE $scorer IS NULL OR scorer = $scorer ORDER BY first_seen, scorer, scorer_version
"""
# On the row that is kept of a call, as its scores are in `rated_scores`.
_LABELS: Final = """
SELECT l.* REPLACE (
  coalesce(r.duplicate_trace_id, l.trace_id) AS trace_id, coalesce(r.duplicate_of, l.span_id) AS span_id
)
FROM labels AS l
LEFT JOIN span_rows AS r ON r.trace_id = l.trace_id AND r.span_id = l.span_id AND r.duplicate_of IS NOT NULL
WHERE l.scorer = $scorer OR l.judge = $scorer
ORDER BY l.created_at, l.label_id
"""
_CALIBRATION: Final = "SELECT body FROM calibrations WHERE scorer = $scorer ORDER BY created_at DESC LIMIT 1"
_VERDICTS: Final = "SELECT * FROM verdicts ORDER BY recorded_at DESC LIMIT $limit"


class Reader:
    """What may be asked inside a read lease. SQL that DuckDB refuses is a QueryError."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def rows(self, sql: str, params: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of our own SQL as mappings. JSON is text; times are datetimes in UTC.

        Named parameters that the SQL does not use are left out. Raises QueryError, StoreError.
        """
        try:
            return fetched(self._connection, sql, params)
        except duckdb.Error as error:
            raise query_error(error, self._path) from None

    def spans(
        self, where: str = "TRUE", params: Mapping[str, Any] | None = None, *, limit: int | None = None
    ) -> list[Span]:
        """Spans that match the condition, the newest first; it may be on anything but attributes and messages.

        It is asked of `span_rows`, where these are packed. Model calls are as `traces` has them.
        """
        sql = f"SELECT * FROM span_rows WHERE (\n{where}\n) ORDER BY start_time DESC, span_id"
        if limit is not None:
            sql += f" LIMIT {int(limit)}"
        return [Span.from_row(row) for row in self._told(sql, params or {})]

    def trace_id(self, beginning: str) -> str:
        """The one stored trace id that begins so. Raises NotFound."""
        wanted = beginning.strip().lower()
        sql = "SELECT DISTINCT trace_id FROM span_rows WHERE $id <> '' AND starts_with(trace_id, $id) LIMIT 2"
        found = [row["trace_id"] for row in self.rows(sql, {"id": wanted})]
        if not found:
            raise NotFound(f"no trace has the id {beginning!r}; i2e traces lists the latest")
        if len(found) > 1:
            raise NotFound(f"several traces have an id that begins with {beginning!r}; give more digits")
        return found[0]

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of one trace in order of start; a unique beginning of its id is enough. Raises NotFound."""
        found = self.trace_id(trace_id)
        return self.traces([found])[found]

    def outline(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of one trace in order of start: ids, `duplicate_of`, `scope_name`, `kind` and `status`."""
        names = "span_id, parent_span_id, duplicate_of, scope_name, kind, status"
        return self.rows(
            f"SELECT {names} FROM spans WHERE trace_id = $id ORDER BY start_time, span_id", {"id": trace_id}
        )

    def spans_of(self, trace_id: str, span_ids: Collection[str]) -> dict[str, Span]:
        """Some spans of one trace, by id."""
        where = f"trace_id = $trace AND span_id IN {_IDS}"
        return {span.span_id: span for span in self.spans(where, {"trace": trace_id, "ids": json_text(list(span_ids))})}

    def traces(self, trace_ids: Collection[str]) -> dict[str, list[Span]]:
        """The spans of several traces, each in order of start; a trace that is not stored is left out.

        A model call that several libraries saw says what all of them told, as in the view `llm_calls`.
        """
        if not trace_ids:
            return {}
        sql = f"SELECT * FROM span_rows WHERE trace_id IN {_IDS} ORDER BY start_time, span_id"
        found: dict[str, list[Span]] = {}
        for row in self._told(sql, {"ids": json_text(list(trace_ids))}):
            found.setdefault(row["trace_id"], []).append(Span.from_row(row))
        return found

    def _told(self, sql: str, params: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
        """Rows of `span_rows`, unpacked; model calls with what other rows tell of them."""
        rows = [unpacked(row) for row in self.rows(sql, params)]
        calls = [row for row in rows if row["kind"] == "llm" and row["duplicate_of"] is None]
        if not calls:
            return rows
        starts = [micros(row["start_time"]) for row in calls]
        bounds = {"first": min(starts) - _HOUR, "last": max(starts) + _HOUR}
        sent = {"ids": json_text([row["span_id"] for row in calls]), **bounds}
        repeats = [unpacked(row) for row in self.rows(_REPEATS, sent)]
        if not repeats:
            return rows  # as it is almost always
        repeated = json_text([row["duplicate_of"] for row in repeats])
        merged = self.rows(f"SELECT * FROM merged_calls WHERE span_id IN {_IDS}", {"ids": repeated})
        return told_by_all(rows, repeats, merged)

    def latest_traces(
        self,
        *,
        limit: int,
        where: str = "TRUE",
        params: Mapping[str, Any] | None = None,
        since: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """Rows of the view `traces` that match the condition and began at or after `since`, the newest first."""
        given = {"limit": limit, "since": None if since is None else micros(since), **(params or {})}
        if where == "TRUE" and limit <= _FEW:  # a list of ids, unlike a subquery, is looked for before grouping
            ids = [row["trace_id"] for row in self.rows(_LATEST_IDS, given)]
            where = f"trace_id IN ({', '.join(map(_quoted, ids))})" if ids else "FALSE"
        return self.rows(_TRACES_WHERE.replace("{where}", where), given)

    def scores(self, *, trace_ids: Collection[str] | None = None, experiment_id: str | None = None) -> list[ScoreRow]:
        """Scores of some traces, or of one experiment, in the order they were made."""
        ids = None if trace_ids is None else json_text(list(trace_ids))
        rows = self.rows(_SCORES, {"ids": ids, "experiment": experiment_id})
        return [ScoreRow.model_validate(_parsed(row, "metadata")) for row in rows]

    def scores_of_trace(self, trace_id: str) -> list[ScoreRow]:
        """Scores of one trace in the order they were made: those on a row that repeats a call of it, on the call."""
        rows = self.rows(_SHOWN_SCORES, {"id": trace_id})
        return [ScoreRow.model_validate(_parsed(row, "metadata")) for row in rows]

    def cases(
        self, *, dataset: str | None = None, status: CaseStatus | None = None, case_id: str | None = None
    ) -> list[StoredCase]:
        """The latest revision of each case, in the order they were made."""
        rows = self.rows(_CASES, {"dataset": dataset, "status": status, "case_id": case_id})
        return [StoredCase.model_validate({"case": json.loads(row.pop("body")), **row}) for row in rows]

    def experiment(self, experiment_id: str | None = None, *, dataset: str | None = None) -> Experiment:
        """One experiment, by its id or a unique beginning of it; None is the latest. Raises NotFound.

        StoreError when the record is not one: it was changed by hand, or by another version.
        """
        rows = self.rows(_EXPERIMENT, {"id": experiment_id, "dataset": dataset}) if experiment_id != "" else []
        if not rows:
            wanted = "is stored" if experiment_id is None else f"has the id {experiment_id!r}"
            of = f" for the dataset {dataset!r}" if dataset else ""
            raise NotFound(f"no experiment{of} {wanted}; i2e experiments lists them")
        if experiment_id and len(rows) > 1 and rows[0]["experiment_id"] != experiment_id:
            raise NotFound(f"several experiments begin with {experiment_id!r}; i2e experiments lists them")
        found = rows[0]["experiment_id"]
        try:
            row = _parsed(rows[0], "cases", "metadata")
            runs = [_parsed(run, "attempts") for run in self.rows(_RUNS, {"id": found})]
            return Experiment.model_validate({**row, "runs": runs})
        except ValueError as error:  # of pydantic or JSON
            raise StoreError(_damaged(found, error)) from error

    def experiments(self, *, limit: int = 50, policy_from: str | None = None) -> list[dict[str, Any]]:
        """Summaries, the latest first: the columns of `experiments`, numbers of `cases` and `runs`, last `decision`.

        `policy_from` asks for the last decision by these rules, where an experiment was decided by several.
        """
        return self.rows(_EXPERIMENTS, {"limit": limit, "policy_from": policy_from})

    def overrides(self, experiment_id: str | None = None, *, dataset: str | None = None) -> list[Override]:
        """Overrides that were recorded for one experiment, or for any of a dataset, in order; with their use."""
        rows = self.rows(_OVERRIDES, {"id": experiment_id, "dataset": dataset})
        return [Override.model_validate(_parsed(row, "scorer_versions")) for row in rows]

    def identities(self, scorer: str | None = None) -> list[ScorerIdentity]:
        """What versions of scorers were, of one or all, in the order in which they were first used."""
        rows = self.rows(_IDENTITIES, {"scorer": scorer})
        return [ScorerIdentity.model_validate(_parsed(row, "parameters")) for row in rows]

    def standings(self) -> list[JudgeStanding]:
        """What calibration says of judges: the latest of each identity."""
        return [JudgeStanding.model_validate(row) for row in self.rows(_STANDINGS)]

    def labels(self, scorer: str) -> list[Label]:
        """What people said about what this scorer, or judge with any criterion, looks at; in the order they said it."""
        return [Label.model_validate(row) for row in self.rows(_LABELS, {"scorer": scorer})]

    def calibration(self, scorer: str) -> Calibration | None:
        """The latest calibration of a judge, of whatever identity; None when there is none."""
        rows = self.rows(_CALIBRATION, {"scorer": scorer})
        return Calibration.model_validate_json(rows[0]["body"]) if rows else None

    def verdicts(self, *, limit: int) -> list[RecordedVerdict]:
        """Recorded verdicts of judges, the latest first."""
        return [RecordedVerdict.model_validate(row) for row in self.rows(_VERDICTS, {"limit": limit})]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _damaged(experiment_id: str, error: ValueError) -> str:
    problem = error.errors()[0] if isinstance(error, ValidationError) else None
    where = ".".join(map(str, problem["loc"])) if problem else "JSON"
    why = problem["msg"] if problem else str(error)
    return (
        f"the record of {experiment_id} does not validate at {where}: {why}; "
        "it was changed by hand or by another version, so evaluate again: i2e eval"
    )


def _parsed(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: json.loads(value) if name in names and value is not None else value for name, value in row.items()}
