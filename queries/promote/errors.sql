-- name: errors
-- description: Production traces that ended in an error, with the span deepest in the trace that failed.
-- kind: promote
-- param: since duration = 30d  How far back the traces may have begun
-- priority: P1
-- failure_mode: error
WITH failed AS (
  SELECT * FROM spans WHERE status = 'error' AND duplicate_of IS NULL AND start_time >= now() - $since
)
SELECT
  traces.trace_id,
  traces.root_span_id AS span_id,
  cause.span_id AS cause_span_id,
  cause.name AS cause,
  cause.error_type AS error,
  cause.error_code,
  cause.status_message,
  traces.start_time,
  traces.prompt_name,
  traces.prompt_version,
  traces.input_text
FROM traces
JOIN failed AS cause ON cause.trace_id = traces.trace_id
WHERE traces.status = 'error'
  AND traces.experiment_id IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM failed AS below WHERE below.trace_id = cause.trace_id AND below.parent_span_id = cause.span_id
  )
QUALIFY row_number() OVER (PARTITION BY traces.trace_id ORDER BY cause.end_time DESC, cause.span_id) = 1
ORDER BY traces.start_time DESC, traces.trace_id
