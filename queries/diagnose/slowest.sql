-- name: slowest
-- description: The slowest production spans of one kind, and how they compare with the median of their name.
-- kind: diagnose
-- param: kind text = llm  llm, agent, tool, retrieval, embedding, chain or other
-- param: since duration = 7d  How far back
-- param: most integer = 20  Rows at most
WITH recent AS (
  SELECT * FROM spans
  WHERE kind = $kind AND experiment_id IS NULL AND duplicate_of IS NULL AND start_time >= now() - $since
),
usual AS (
  SELECT name, median(duration_ms) AS median_ms, count(*) AS spans FROM recent GROUP BY name
)
SELECT
  recent.trace_id,
  recent.span_id,
  recent.name,
  round(recent.duration_ms, 1) AS duration_ms,
  round(usual.median_ms, 1) AS median_ms,
  round(recent.duration_ms / nullif(usual.median_ms, 0), 1) AS times_median,
  usual.spans,
  recent.status,
  coalesce(recent.response_model, recent.request_model) AS model,
  recent.output_tokens,
  recent.start_time
FROM recent
JOIN usual ON usual.name = recent.name
ORDER BY recent.duration_ms DESC, recent.span_id
LIMIT $most
