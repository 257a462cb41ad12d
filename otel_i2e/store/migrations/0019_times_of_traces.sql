-- A trace whose clock ran backwards, or of which no span's duration was measured, has no duration, as its spans have none.
CREATE OR REPLACE VIEW traces AS
WITH ordered AS (
  SELECT *, epoch_us(start_time) + CASE WHEN parent_span_id IS NULL THEN 0 ELSE 4000000000000000000 END AS root_first
  FROM span_rows
),
whole AS (
  SELECT
    trace_id,
    arg_min(span_id, root_first) AS root_span_id,
    arg_min(name, root_first) AS name,
    arg_min(service_name, root_first) AS service_name,
    arg_min(environment, root_first) AS environment,
    min(start_time) AS start_time,
    max(end_time) AS end_time,
    count(duration_ms) > 0 AS measured,
    arg_min(status, root_first) AS status,
    count(*) AS spans,
    count(*) FILTER (status = 'error') AS errors,
    arg_min(conversation_id, root_first) AS conversation_id,
    arg_min(user_id, root_first) AS user_id,
    arg_min(prompt_name, root_first) AS prompt_name,
    arg_min(prompt_version, root_first) AS prompt_version,
    arg_min(input_text, root_first) AS input_text,
    coalesce(
      arg_min(output_text, root_first) FILTER (parent_span_id IS NULL),
      arg_max(output_text, end_time) FILTER (kind = 'llm'),
      arg_max(output_text, end_time)
    ) AS output_text,
    any_value(experiment_id) AS experiment_id,
    any_value(case_id) AS case_id
  FROM ordered
  GROUP BY trace_id
),
calls AS (
  SELECT
    trace_id,
    count(*) FILTER (kind = 'llm') AS llm_calls,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    CASE WHEN count(cost_usd) = count(*) THEN sum(cost_usd) END AS cost_usd
  FROM (
    SELECT trace_id, kind, input_tokens, output_tokens, cost_usd FROM llm_calls
    UNION ALL
    SELECT trace_id, kind, input_tokens, output_tokens, cost_usd
    FROM span_rows WHERE kind = 'embedding' AND duplicate_of IS NULL
  ) AS paid
  GROUP BY trace_id
),
judged AS (
  SELECT
    trace_id,
    min(value) FILTER (source <> 'user') AS lowest_score,
    count(*) FILTER (NOT passed) AS failed_scores,
    arg_max(value, created_at) FILTER (source = 'user') AS feedback
  FROM latest_scores
  GROUP BY trace_id
)
SELECT
  whole.trace_id,
  root_span_id,
  name,
  service_name,
  environment,
  start_time,
  end_time,
  CASE WHEN measured AND end_time >= start_time THEN (epoch_us(end_time) - epoch_us(start_time)) / 1000.0 END
    AS duration_ms,
  status,
  spans,
  errors,
  coalesce(llm_calls, 0) AS llm_calls,
  CAST(input_tokens AS BIGINT) AS input_tokens,
  CAST(output_tokens AS BIGINT) AS output_tokens,
  cost_usd,
  conversation_id,
  user_id,
  prompt_name,
  prompt_version,
  input_text,
  output_text,
  lowest_score,
  coalesce(failed_scores, 0) AS failed_scores,
  feedback,
  experiment_id,
  case_id
FROM whole
LEFT JOIN calls ON calls.trace_id = whole.trace_id
LEFT JOIN judged ON judged.trace_id = whole.trace_id;
