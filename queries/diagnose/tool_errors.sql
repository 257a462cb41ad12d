-- name: tool_errors
-- description: Each tool: how often it was called, how often it failed, and how often a model asked in vain.
-- kind: diagnose
-- param: since duration = 7d  How far back
SELECT
  tool_calls.name,
  count(*) AS calls,
  count(*) FILTER (is_error) AS errors,
  round(count(*) FILTER (is_error) / nullif(count(executed_by), 0), 4) AS error_rate,
  count(*) FILTER (executed_by IS NULL AND result IS NULL) AS never_run,
  round(median(tool_calls.duration_ms), 1) AS median_ms,
  arg_max(spans.status_message, spans.start_time) AS latest_error,
  arg_max(tool_calls.trace_id, tool_calls.start_time) FILTER (is_error) AS latest_trace_id
FROM tool_calls
LEFT JOIN spans
  ON tool_calls.is_error AND spans.trace_id = tool_calls.trace_id AND spans.span_id = tool_calls.executed_by
WHERE tool_calls.experiment_id IS NULL AND tool_calls.start_time >= now() - $since
GROUP BY tool_calls.name
ORDER BY errors DESC, never_run DESC, calls DESC, tool_calls.name
