-- name: by_prompt_version
-- description: Each version of each prompt side by side, with its errors, speed, cost and scores.
-- kind: diagnose
-- param: since duration = 30d  How far back
-- Scores of two versions of a scorer, or of two models that judged, are never averaged: each has a row of its own. Means
-- and rates are weighted by what each score stands for.
WITH calls AS (
  SELECT *, coalesce(response_model, request_model) AS model
  FROM llm_calls
  WHERE experiment_id IS NULL AND start_time >= now() - $since
),
used AS (
  SELECT
    prompt_name, prompt_version, model,
    count(*) AS calls,
    count(*) FILTER (status = 'error') AS errors,
    median(duration_ms) AS median_ms,
    avg(output_tokens) AS output_tokens,
    CASE WHEN count(cost_usd) = count(*) THEN avg(cost_usd) END AS cost_usd,
    min(start_time) AS first_seen,
    max(start_time) AS last_seen
  FROM calls
  GROUP BY ALL
),
scored AS (
  SELECT
    calls.prompt_name, calls.prompt_version, calls.model,
    rated.name AS scorer,
    rated.scorer_version,
    rated.model AS judge_model,
    count(*) AS scored,
    sum(rated.weight * rated.value) / nullif(sum(rated.weight) FILTER (rated.value IS NOT NULL), 0) AS mean_score,
    coalesce(sum(rated.weight) FILTER (rated.passed), 0)
      / nullif(sum(rated.weight) FILTER (rated.passed IS NOT NULL), 0) AS pass_rate
  FROM calls
  JOIN rated_scores AS rated ON rated.trace_id = calls.trace_id
    AND coalesce(rated.span_id, calls.span_id) = calls.span_id
  GROUP BY ALL
)
SELECT
  used.prompt_name,
  used.prompt_version,
  used.model,
  used.calls,
  used.errors,
  round(used.median_ms, 1) AS median_ms,
  round(used.output_tokens, 1) AS output_tokens,
  round(used.cost_usd, 6) AS cost_usd,
  scored.scorer,
  scored.scorer_version,
  scored.judge_model,
  scored.scored,
  round(scored.mean_score, 4) AS mean_score,
  round(scored.pass_rate, 4) AS pass_rate,
  used.first_seen,
  used.last_seen
FROM used
LEFT JOIN scored
  ON scored.prompt_name IS NOT DISTINCT FROM used.prompt_name
  AND scored.prompt_version IS NOT DISTINCT FROM used.prompt_version
  AND scored.model IS NOT DISTINCT FROM used.model
ORDER BY used.prompt_name, used.first_seen DESC, used.prompt_version, used.model, scored.scorer, scored.scorer_version,
  scored.judge_model
