-- When something came later that changed a stored span: log records brought more of it, or another row of its call came
-- that it repeats. NULL when nothing did.
ALTER TABLE span_rows ADD COLUMN changed_at TIMESTAMPTZ;

-- What was scored and tried, each on the row that is kept of its call, in whichever trace: a call that several
-- instrumentations recorded is one, whichever of its rows was there when a rule came to it.
CREATE VIEW call_scores AS
WITH repeats AS (
  SELECT trace_id, span_id, coalesce(duplicate_trace_id, trace_id) AS kept_trace_id, duplicate_of
  FROM span_rows
  WHERE duplicate_of IS NOT NULL
)
SELECT scores.* REPLACE (
  coalesce(repeats.kept_trace_id, scores.trace_id) AS trace_id,
  coalesce(repeats.duplicate_of, scores.span_id) AS span_id
)
FROM scores
LEFT JOIN repeats ON repeats.trace_id = scores.trace_id AND repeats.span_id = scores.span_id;

CREATE VIEW call_shadow_scores AS
WITH repeats AS (
  SELECT trace_id, span_id, coalesce(duplicate_trace_id, trace_id) AS kept_trace_id, duplicate_of
  FROM span_rows
  WHERE duplicate_of IS NOT NULL
)
SELECT scores.* REPLACE (
  coalesce(repeats.kept_trace_id, scores.trace_id) AS trace_id,
  coalesce(repeats.duplicate_of, scores.span_id) AS span_id
)
FROM shadow_scores AS scores
LEFT JOIN repeats ON repeats.trace_id = scores.trace_id AND repeats.span_id = scores.span_id;

-- How many spans of its trace a scorer saw says nothing about another trace.
CREATE VIEW call_ledger AS
WITH repeats AS (
  SELECT trace_id, span_id, coalesce(duplicate_trace_id, trace_id) AS kept_trace_id, duplicate_of
  FROM span_rows
  WHERE duplicate_of IS NOT NULL
)
SELECT score_ledger.* REPLACE (
  coalesce(repeats.kept_trace_id, score_ledger.trace_id) AS trace_id,
  coalesce(repeats.duplicate_of, score_ledger.span_id) AS span_id,
  CASE WHEN coalesce(repeats.kept_trace_id, score_ledger.trace_id) = score_ledger.trace_id
    THEN score_ledger.trace_spans END AS trace_spans
)
FROM score_ledger
LEFT JOIN repeats ON repeats.trace_id = score_ledger.trace_id AND repeats.span_id = score_ledger.span_id;

CREATE OR REPLACE VIEW latest_scores AS
SELECT * FROM call_scores
QUALIFY row_number() OVER (
  PARTITION BY trace_id, span_id, name, experiment_id ORDER BY created_at DESC, score_id
) = 1;

CREATE OR REPLACE VIEW rated_scores AS
SELECT * REPLACE (
  coalesce(min(nullif(weight, 0)) OVER (PARTITION BY trace_id, span_id, name, scorer_version), 0) AS weight
)
FROM call_scores
WHERE experiment_id IS NULL
QUALIFY row_number() OVER (
  PARTITION BY trace_id, span_id, name, scorer_version ORDER BY created_at DESC, score_id
) = 1;
