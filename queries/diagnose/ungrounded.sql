-- name: ungrounded
-- description: Production traces that looked something up, found nothing relevant, and answered all the same.
-- kind: diagnose
-- param: min_score number = 0.0  Retrieval score below which a document is not relevant; one without a score is
-- param: since duration = 7d  How far back
WITH looked_up AS (
  SELECT trace_id, span_id, input_text AS query
  FROM spans
  WHERE kind = 'retrieval' AND experiment_id IS NULL AND duplicate_of IS NULL AND status = 'ok'
    AND content_state <> 'missing' AND start_time >= now() - $since
),
found AS (
  SELECT
    looked_up.trace_id,
    any_value(looked_up.query) AS query,
    count(documents.position) AS documents,
    count(documents.position) FILTER (documents.score IS NULL OR documents.score >= $min_score) AS relevant,
    max(documents.score) AS best_score
  FROM looked_up
  LEFT JOIN documents ON documents.trace_id = looked_up.trace_id AND documents.span_id = looked_up.span_id
  GROUP BY looked_up.trace_id
)
SELECT
  traces.trace_id,
  traces.root_span_id AS span_id,
  found.query,
  found.documents,
  found.best_score,
  traces.input_text,
  traces.output_text,
  traces.start_time
FROM found
JOIN traces ON traces.trace_id = found.trace_id
WHERE found.relevant = 0 AND traces.output_text IS NOT NULL
ORDER BY traces.start_time DESC, traces.trace_id
