-- name: error_rate
-- description: The part of production's traces that ended in an error, by UTC day and service.
-- kind: indicator
-- param: since duration = 30d  How far back
SELECT
  CAST(date_trunc('day', start_time) AS DATE) AS day,
  service_name,
  count(*) AS traces,
  count(*) FILTER (status = 'error') AS failed,
  round(count(*) FILTER (status = 'error') / count(*), 4) AS error_rate
FROM traces
WHERE experiment_id IS NULL AND start_time >= now() - $since
GROUP BY ALL
ORDER BY day, service_name
