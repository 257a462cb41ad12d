-- name: daily_quality
-- description: Each scorer's pass rate and mean score in production, by UTC day of the score.
-- kind: indicator
-- param: since duration = 30d  How far back
-- A scorer's versions have rows of their own, a judge's also for each model that answered. A day without a score has
-- no row; it is not a zero. Rates are weighted by what each score stands for, so that what a rule always keeps does
-- not distort them.
SELECT
  CAST(date_trunc('day', created_at) AS DATE) AS day,
  name AS scorer,
  scorer_version,
  model AS judge_model,
  count(*) AS scored,
  count(*) FILTER (passed) AS passed,
  round(coalesce(sum(weight) FILTER (passed), 0) / nullif(sum(weight) FILTER (passed IS NOT NULL), 0), 4) AS pass_rate,
  round(sum(weight * value) / nullif(sum(weight) FILTER (value IS NOT NULL), 0), 4) AS mean_score
FROM rated_scores
WHERE created_at >= now() - $since
GROUP BY ALL
ORDER BY day, scorer, scorer_version, judge_model
