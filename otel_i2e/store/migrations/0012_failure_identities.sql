-- A failure names the version of the scorer, and the judge's model, that found it: two of them are never counted as one.
CREATE OR REPLACE VIEW failures AS
WITH roots AS (
  SELECT
    trace_id,
    arg_min(
      span_id, epoch_us(start_time) + CASE WHEN parent_span_id IS NULL THEN 0 ELSE 4000000000000000000 END
    ) AS span_id
  FROM span_rows
  GROUP BY trace_id
),
judged AS (
  SELECT
    latest_scores.trace_id,
    coalesce(latest_scores.span_id, roots.span_id) AS span_id,
    CASE WHEN source = 'user' THEN 'feedback' ELSE 'score' END AS reason,
    latest_scores.name AS scorer,
    value AS score,
    label,
    explanation,
    scorer_version,
    model AS judge_model
  FROM latest_scores
  LEFT JOIN roots ON roots.trace_id = latest_scores.trace_id AND latest_scores.span_id IS NULL
  WHERE latest_scores.experiment_id IS NULL
    AND (passed = false OR (passed IS NULL AND source = 'user' AND value < 0.5))
),
reasons AS (
  SELECT * FROM judged
  UNION ALL
  SELECT trace_id, span_id, 'error', NULL, NULL, error_type, status_message, NULL, NULL
  FROM span_rows
  WHERE status = 'error' AND duplicate_of IS NULL
)
SELECT
  spans.trace_id, spans.span_id, parent_span_id, spans.name, kind, start_time, duration_ms, service_name, environment,
  reason, scorer, score, label, explanation,
  error_type, error_code, status_message,
  request_model, response_model, prompt_name, prompt_version, conversation_id, user_id, input_text, output_text,
  scorer_version, judge_model
FROM reasons
JOIN spans ON spans.trace_id = reasons.trace_id AND spans.span_id = reasons.span_id
WHERE spans.experiment_id IS NULL;
