-- name: negative_feedback
-- description: Production traces whose user was not content, with what the user said, the latest first.
-- kind: promote
-- param: threshold number = 0.5  Feedback below it counts; a thumb down is 0, a thumb up 1
-- param: since duration = 30d  How far back the feedback may have come
-- priority: P1
SELECT
  latest_scores.trace_id,
  latest_scores.span_id,
  latest_scores.value AS score,
  latest_scores.explanation AS comment,
  latest_scores.created_at,
  traces.prompt_name,
  traces.prompt_version,
  traces.input_text,
  traces.output_text
FROM latest_scores
JOIN traces ON traces.trace_id = latest_scores.trace_id
WHERE latest_scores.source = 'user'
  AND (latest_scores.passed = false OR latest_scores.value < $threshold)
  AND latest_scores.created_at >= now() - $since
  AND traces.experiment_id IS NULL
ORDER BY latest_scores.created_at DESC, latest_scores.trace_id
