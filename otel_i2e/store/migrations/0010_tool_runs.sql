-- One row per tool call that a model asked for or the application ran. A run inside of a run of the same tool is
-- the same run, recorded twice: the outer one counts, with what only the inner one knows.
CREATE OR REPLACE VIEW tool_calls AS
WITH parts AS (
  SELECT
    trace_id, span_id, start_time, experiment_id,
    unnest(json_extract(output_messages, '$[*].parts[*]')) AS part,
    generate_subscripts(json_extract(output_messages, '$[*].parts[*]'), 1) AS position
  FROM llm_calls
  WHERE contains(CAST(output_messages AS VARCHAR), 'tool_call')
),
asked AS (
  SELECT
    trace_id, span_id, start_time, experiment_id, position,
    part ->> '$.id' AS tool_call_id,
    coalesce(part ->> '$.name', '') AS name,
    part -> '$.arguments' AS arguments
  FROM parts
  WHERE part ->> '$.type' = 'tool_call'
  QUALIFY tool_call_id IS NULL
    OR row_number() OVER (PARTITION BY trace_id, tool_call_id ORDER BY start_time, span_id, position) = 1
),
runs AS (
  SELECT
    trace_id, span_id, parent_span_id, start_time, duration_ms, experiment_id, tool_call_id,
    coalesce(tool_name, name) AS name, tool_arguments, tool_result, status
  FROM spans
  WHERE kind = 'tool' AND duplicate_of IS NULL
),
inner_runs AS (
  SELECT inside.*, around.span_id AS outer_id
  FROM runs AS inside
  JOIN runs AS around
    ON around.trace_id = inside.trace_id AND around.span_id = inside.parent_span_id AND around.name = inside.name
    AND around.parent_span_id IS DISTINCT FROM inside.span_id AND around.span_id <> inside.span_id
    AND (around.tool_call_id IS NULL OR inside.tool_call_id IS NULL OR around.tool_call_id = inside.tool_call_id)
),
beside AS (
  SELECT
    trace_id, outer_id,
    any_value(tool_call_id ORDER BY start_time, span_id) AS tool_call_id,
    any_value(tool_arguments ORDER BY start_time, span_id) AS tool_arguments,
    any_value(tool_result ORDER BY start_time DESC, span_id) AS tool_result
  FROM inner_runs
  GROUP BY trace_id, outer_id
),
whole AS (
  SELECT
    runs.* REPLACE (
      coalesce(runs.tool_call_id, beside.tool_call_id) AS tool_call_id,
      coalesce(runs.tool_arguments, beside.tool_arguments) AS tool_arguments,
      coalesce(runs.tool_result, beside.tool_result) AS tool_result
    )
  FROM runs
  LEFT JOIN beside ON beside.trace_id = runs.trace_id AND beside.outer_id = runs.span_id
  ANTI JOIN inner_runs ON inner_runs.trace_id = runs.trace_id AND inner_runs.span_id = runs.span_id
),
ran AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY trace_id, tool_call_id ORDER BY start_time DESC, span_id) AS newest,
    row_number() OVER (PARTITION BY trace_id, tool_call_id, name ORDER BY start_time, span_id) AS turn
  FROM whole
),
answer_parts AS (
  SELECT trace_id, start_time, unnest(json_extract(input_messages, '$[*].parts[*]')) AS part
  FROM llm_calls
  WHERE contains(CAST(input_messages AS VARCHAR), 'tool_call_response')
),
answers AS (
  SELECT
    trace_id, part ->> '$.id' AS tool_call_id,
    any_value(part -> '$.response' ORDER BY start_time) AS response,
    coalesce(bool_or(part ->> '$.is_error' = 'true'), false) AS is_error
  FROM answer_parts
  WHERE part ->> '$.type' = 'tool_call_response'
  GROUP BY ALL
),
by_id AS (
  SELECT asked.*, ran.span_id AS executed_by
  FROM asked
  LEFT JOIN ran ON ran.trace_id = asked.trace_id AND ran.tool_call_id = asked.tool_call_id AND ran.newest = 1
),
in_turn AS (
  SELECT *, row_number() OVER (
    PARTITION BY trace_id, name, executed_by IS NULL ORDER BY start_time, span_id, position
  ) AS turn
  FROM by_id
),
matched AS (
  SELECT in_turn.* REPLACE (coalesce(in_turn.executed_by, unnamed.span_id) AS executed_by)
  FROM in_turn
  LEFT JOIN ran AS unnamed
    ON in_turn.executed_by IS NULL AND unnamed.tool_call_id IS NULL
    AND unnamed.trace_id = in_turn.trace_id AND unnamed.name = in_turn.name AND unnamed.turn = in_turn.turn
)
SELECT
  matched.trace_id,
  matched.span_id,
  matched.tool_call_id,
  matched.name,
  matched.arguments,
  coalesce(ran.tool_result, answers.response) AS result,
  coalesce(ran.status = 'error', false) OR coalesce(answers.is_error, false) AS is_error,
  matched.span_id AS requested_by,
  matched.executed_by,
  coalesce(ran.start_time, matched.start_time) AS start_time,
  ran.duration_ms,
  matched.experiment_id
FROM matched
LEFT JOIN ran ON ran.trace_id = matched.trace_id AND ran.span_id = matched.executed_by
LEFT JOIN answers ON answers.trace_id = matched.trace_id AND answers.tool_call_id = matched.tool_call_id
UNION ALL
SELECT
  trace_id, span_id, tool_call_id, name, tool_arguments, tool_result, status = 'error', NULL, span_id, start_time,
  duration_ms, experiment_id
FROM ran
WHERE NOT EXISTS (
  SELECT 1 FROM matched WHERE matched.trace_id = ran.trace_id AND matched.executed_by = ran.span_id
);
