-- name: cost_per_day
-- description: What production's model calls cost, by UTC day, service and model; calls without a price apart.
-- kind: indicator
-- param: since duration = 30d  How far back
SELECT
  CAST(date_trunc('day', start_time) AS DATE) AS day,
  service_name,
  coalesce(response_model, request_model) AS model,
  count(*) AS llm_calls,
  count(*) FILTER (cost_usd IS NULL) AS without_price,
  round(sum(cost_usd), 6) AS cost_usd,
  CAST(sum(input_tokens) AS BIGINT) AS input_tokens,
  CAST(sum(output_tokens) AS BIGINT) AS output_tokens
FROM llm_calls
WHERE experiment_id IS NULL AND start_time >= now() - $since
GROUP BY ALL
ORDER BY day, cost_usd DESC NULLS LAST, service_name, model
