-- name: failure_modes
-- description: What goes wrong in production and how often: errors, failed scores and complaints by label.
-- kind: diagnose
-- param: since duration = 7d  How far back
-- Failures that two versions of a scorer found, or two models that judged, are never counted as one: each has rows of
-- its own. A span counts for the one that scored it last.
SELECT
  reason,
  scorer,
  scorer_version,
  judge_model,
  coalesce(label, '(no label)') AS label,
  count(*) AS failures,
  count(DISTINCT trace_id) AS traces,
  min(start_time) AS first_seen,
  max(start_time) AS last_seen,
  arg_max(trace_id, start_time) AS latest_trace_id,
  arg_max(explanation, start_time) AS latest_explanation
FROM failures
WHERE start_time >= now() - $since
GROUP BY ALL
ORDER BY traces DESC, reason, scorer, scorer_version, judge_model, label
