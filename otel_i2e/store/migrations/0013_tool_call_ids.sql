-- One row per tool call that a model asked for or the application ran. A run inside of a run of the same tool is
-- the same run, recorded twice: the outer one counts, with what only the inner one knows. Servers that number calls
-- in each answer give one id to several calls of a trace: those with other arguments are calls of their own, and a
-- run belongs to the one with its arguments, or else to the latest before it. Runs without an id belong to calls with
-- their arguments, then to those that are left, in turn. What a server ran is answered in the output that asked for it.
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
    coalesce(part -> '$.arguments', part -> '$.server_tool_call') AS arguments,
    CAST(json(coalesce(part -> '$.arguments', part -> '$.server_tool_call')) AS VARCHAR) AS given
  FROM parts
  WHERE part ->> '$.type' IN ('tool_call', 'server_tool_call')
  QUALIFY tool_call_id IS NULL
    OR row_number() OVER (PARTITION BY trace_id, tool_call_id, name, given ORDER BY start_time, span_id, position) = 1
),
numbered AS (
  SELECT *, row_number() OVER (
    PARTITION BY trace_id, tool_call_id ORDER BY start_time, span_id, position
  ) AS occurrence
  FROM asked
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
ran AS (SELECT *, CAST(json(tool_arguments) AS VARCHAR) AS given FROM whole),
said AS (
  SELECT trace_id, span_id, start_time, 'input' AS side, input_messages AS messages FROM llm_calls
  UNION ALL
  SELECT trace_id, span_id, start_time, 'output', output_messages FROM llm_calls
),
answer_parts AS (
  SELECT
    trace_id, span_id, start_time, side,
    unnest(json_extract(messages, '$[*].parts[*]')) AS part,
    generate_subscripts(json_extract(messages, '$[*].parts[*]'), 1) AS position
  FROM said
  WHERE contains(CAST(messages AS VARCHAR), 'tool_call_response')
),
answered AS (
  SELECT
    trace_id, start_time, part, part ->> '$.id' AS tool_call_id,
    row_number() OVER (PARTITION BY trace_id, span_id, side, part ->> '$.id' ORDER BY position) AS occurrence
  FROM answer_parts
  WHERE part ->> '$.type' IN ('tool_call_response', 'server_tool_call_response')
),
answers AS (
  SELECT
    trace_id, tool_call_id, occurrence,
    any_value(coalesce(part -> '$.response', part -> '$.server_tool_call_response') ORDER BY start_time) AS response,
    coalesce(bool_or(part ->> '$.is_error' = 'true'), false) AS is_error
  FROM answered
  GROUP BY ALL
),
run_of AS (
  SELECT ran.trace_id, ran.span_id, ran.start_time, ran.tool_call_id, numbered.occurrence
  FROM ran
  JOIN numbered ON numbered.trace_id = ran.trace_id AND numbered.tool_call_id = ran.tool_call_id
  QUALIFY row_number() OVER (
    PARTITION BY ran.trace_id, ran.span_id
    ORDER BY
      numbered.given IS NOT DISTINCT FROM ran.given DESC,
      numbered.start_time <= ran.start_time DESC,
      abs(epoch_us(ran.start_time) - epoch_us(numbered.start_time)),
      numbered.occurrence
  ) = 1
),
newest AS (
  SELECT trace_id, tool_call_id, occurrence, arg_max(span_id, (start_time, span_id)) AS span_id
  FROM run_of
  GROUP BY ALL
),
by_id AS (
  SELECT numbered.*, newest.span_id AS executed_by
  FROM numbered
  LEFT JOIN newest
    ON newest.trace_id = numbered.trace_id AND newest.tool_call_id = numbered.tool_call_id
    AND newest.occurrence = numbered.occurrence
),
unnamed AS (
  SELECT *, row_number() OVER (PARTITION BY trace_id, name, given ORDER BY start_time, span_id) AS turn
  FROM ran
  WHERE tool_call_id IS NULL
),
by_arguments AS (
  SELECT open.* EXCLUDE (turn) REPLACE (coalesce(open.executed_by, unnamed.span_id) AS executed_by)
  FROM (
    SELECT *, row_number() OVER (
      PARTITION BY trace_id, name, given, executed_by IS NULL ORDER BY start_time, span_id, position
    ) AS turn
    FROM by_id
  ) AS open
  LEFT JOIN unnamed
    ON open.executed_by IS NULL AND unnamed.trace_id = open.trace_id AND unnamed.name = open.name
    AND unnamed.given = open.given AND unnamed.turn = open.turn
),
left_over AS (
  SELECT unnamed.* REPLACE (
    row_number() OVER (PARTITION BY unnamed.trace_id, name ORDER BY start_time, unnamed.span_id) AS turn
  )
  FROM unnamed
  ANTI JOIN by_arguments
    ON by_arguments.trace_id = unnamed.trace_id AND by_arguments.executed_by = unnamed.span_id
),
in_turn AS (
  SELECT *, row_number() OVER (
    PARTITION BY trace_id, name, executed_by IS NULL ORDER BY start_time, span_id, position
  ) AS turn
  FROM by_arguments
),
matched AS (
  SELECT in_turn.* REPLACE (coalesce(in_turn.executed_by, left_over.span_id) AS executed_by)
  FROM in_turn
  LEFT JOIN left_over
    ON in_turn.executed_by IS NULL AND left_over.trace_id = in_turn.trace_id AND left_over.name = in_turn.name
    AND left_over.turn = in_turn.turn
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
LEFT JOIN answers
  ON answers.trace_id = matched.trace_id AND answers.tool_call_id = matched.tool_call_id
  AND answers.occurrence = matched.occurrence
UNION ALL
SELECT
  trace_id, span_id, tool_call_id, name, tool_arguments, tool_result, status = 'error', NULL, span_id, start_time,
  duration_ms, experiment_id
FROM ran
WHERE NOT EXISTS (
  SELECT 1 FROM matched WHERE matched.trace_id = ran.trace_id AND matched.executed_by = ran.span_id
);
