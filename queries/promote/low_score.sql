-- name: low_score
-- description: Production spans that a scorer failed or scored below a threshold, one row each, the worst first.
-- kind: promote
-- param: threshold number = 0.5  Lowest score that is still good
-- param: since duration = 30d  How far back the spans may have started
-- priority: P1
SELECT
  spans.trace_id,
  spans.span_id,
  latest_scores.name AS scorer,
  latest_scores.value AS score,
  latest_scores.label,
  latest_scores.explanation,
  spans.start_time,
  spans.prompt_name,
  spans.prompt_version,
  coalesce(spans.response_model, spans.request_model) AS model,
  spans.input_text,
  spans.output_text
FROM latest_scores
JOIN spans ON spans.trace_id = latest_scores.trace_id AND spans.span_id = latest_scores.span_id
WHERE (latest_scores.passed = false OR latest_scores.value < $threshold)
  AND latest_scores.source <> 'user'
  AND latest_scores.experiment_id IS NULL
  AND spans.experiment_id IS NULL
  AND spans.start_time >= now() - $since
QUALIFY row_number() OVER (
  PARTITION BY spans.trace_id, spans.span_id ORDER BY latest_scores.value NULLS LAST, latest_scores.name
) = 1
ORDER BY latest_scores.value NULLS LAST, spans.start_time DESC, spans.span_id
