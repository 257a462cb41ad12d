-- A score on a row that repeats a call is a score of the call: it is shown on the row that is kept, in whichever trace.
CREATE OR REPLACE VIEW latest_scores AS
WITH repeats AS (
  SELECT trace_id, span_id, coalesce(duplicate_trace_id, trace_id) AS kept_trace_id, duplicate_of
  FROM span_rows
  WHERE duplicate_of IS NOT NULL
),
kept AS (
  SELECT scores.* REPLACE (
    coalesce(repeats.kept_trace_id, scores.trace_id) AS trace_id,
    coalesce(repeats.duplicate_of, scores.span_id) AS span_id
  )
  FROM scores
  LEFT JOIN repeats ON repeats.trace_id = scores.trace_id AND repeats.span_id = scores.span_id
)
SELECT * FROM kept
QUALIFY row_number() OVER (
  PARTITION BY trace_id, span_id, name, experiment_id ORDER BY created_at DESC, score_id
) = 1;
