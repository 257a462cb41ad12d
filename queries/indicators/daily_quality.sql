-- name: daily_quality
-- description: Each scorer's pass rate and mean score in production, by UTC day of the score.
-- kind: indicator
-- param: since duration = 30d  How far back
-- A scorer's versions have rows of their own, and a day without a score has none: it is not a zero.
SELECT
  CAST(date_trunc('day', created_at) AS DATE) AS day,
  name AS scorer,
  scorer_version,
  count(*) AS scored,
  count(*) FILTER (passed) AS passed,
  round(count(*) FILTER (passed) / nullif(count(passed), 0), 4) AS pass_rate,
  round(avg(value), 4) AS mean_score
FROM latest_scores
WHERE experiment_id IS NULL AND created_at >= now() - $since
GROUP BY ALL
ORDER BY day, scorer, scorer_version
