-- name: most_expensive
-- description: The production traces that cost most; calls without a known price are counted apart.
-- kind: diagnose
-- param: since duration = 7d  How far back
-- param: most integer = 20  Rows at most
SELECT
  trace_id,
  arg_min(service_name, start_time) AS service_name,
  round(sum(cost_usd), 6) AS cost_usd,
  count(*) AS llm_calls,
  count(*) FILTER (cost_usd IS NULL) AS without_price,
  CAST(sum(input_tokens) AS BIGINT) AS input_tokens,
  CAST(sum(cache_read_tokens) AS BIGINT) AS cache_read_tokens,
  CAST(sum(output_tokens) AS BIGINT) AS output_tokens,
  list_sort(list(DISTINCT coalesce(response_model, request_model))) AS models,
  min(start_time) AS start_time
FROM llm_calls
WHERE experiment_id IS NULL AND start_time >= now() - $since
GROUP BY trace_id
ORDER BY sum(cost_usd) DESC NULLS LAST, trace_id
LIMIT $most
