-- One row per tool call that a model asked for or the application ran, also where the answer or the run stands in another
-- trace: the next turn's, a worker's. There it must be later, be of the same conversation or, where one of the two says
-- none, have an id that only one trace asked for. A call that is asked for again with its id and arguments is a call of its
-- own if the one before was answered, or was run; else a history was repeated. The rest is as 0013_tool_call_ids has it.
CREATE OR REPLACE VIEW tool_calls AS
WITH said AS MATERIALIZED (
  SELECT trace_id, span_id, start_time, experiment_id, sides.side, sides.parts
  FROM (
    SELECT
      trace_id, span_id, start_time, experiment_id,
      unnest([
        {
          'side': 'output',
          'parts': CASE
            WHEN contains(CAST(output_messages AS VARCHAR), 'tool_call')
            THEN json_extract(output_messages, '$[*].parts[*]')
          END
        },
        {
          'side': 'input',
          'parts': CASE
            WHEN contains(CAST(input_messages AS VARCHAR), 'tool_call_response')
            THEN json_extract(input_messages, '$[*].parts[*]')
          END
        }
      ]) AS sides
    FROM llm_calls
  )
  WHERE sides.parts IS NOT NULL
),
parts AS MATERIALIZED (
  SELECT *, part ->> '$.type' AS sort, part ->> '$.id' AS tool_call_id
  FROM (
    SELECT
      trace_id, span_id, start_time, experiment_id, side,
      unnest(parts) AS part, generate_subscripts(parts, 1) AS position
    FROM said
  )
  WHERE contains(CAST(part AS VARCHAR), 'tool_call')
),
heard AS (
  SELECT
    trace_id, span_id, start_time, experiment_id, position, tool_call_id,
    coalesce(part ->> '$.name', '') AS name,
    arguments,
    nullif(
      coalesce(
        CASE
          WHEN json_type(arguments) = 'OBJECT'
          THEN TRY(CAST(list_sort(map_entries(CAST(arguments AS MAP(VARCHAR, JSON)))) AS VARCHAR))
        END,
        CAST(json(arguments) AS VARCHAR)
      ),
      'null'
    ) AS given
  FROM (SELECT *, coalesce(part -> '$.arguments', part -> '$.server_tool_call') AS arguments FROM parts)
  WHERE side = 'output' AND sort IN ('tool_call', 'server_tool_call')
),
runs AS (
  SELECT
    trace_id, span_id, parent_span_id, start_time, end_time, duration_ms, experiment_id, tool_call_id, scope_name,
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
  UNION
  SELECT inside.*, around.span_id AS outer_id
  FROM runs AS inside
  JOIN runs AS around
    ON around.trace_id = inside.trace_id AND around.tool_call_id = inside.tool_call_id AND around.name = inside.name
    AND around.scope_name IS DISTINCT FROM inside.scope_name
    AND around.start_time <= inside.start_time AND inside.end_time <= around.end_time
    AND (around.start_time < inside.start_time OR inside.end_time < around.end_time OR around.span_id < inside.span_id)
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
    nullif(
      coalesce(
        CASE
          WHEN json_type(tool_arguments) = 'OBJECT'
          THEN TRY(CAST(list_sort(map_entries(CAST(tool_arguments AS MAP(VARCHAR, JSON)))) AS VARCHAR))
        END,
        CAST(json(tool_arguments) AS VARCHAR)
      ),
      'null'
    ) AS given
  FROM whole
),
answered AS (
  SELECT
    trace_id, span_id, start_time, side, tool_call_id,
    coalesce(part -> '$.response', part -> '$.server_tool_call_response') AS response,
    coalesce(part ->> '$.is_error' = 'true', false) AS is_error,
    row_number() OVER (PARTITION BY trace_id, span_id, side, tool_call_id ORDER BY position) AS occurrence
  FROM parts
  WHERE sort IN ('tool_call_response', 'server_tool_call_response')
),
told AS (
  SELECT
    trace_id, span_id, tool_call_id,
    coalesce(max(occurrence) FILTER (side = 'input'), 0) AS answers,
    list(response) FILTER (side = 'input') AS responses,
    count(*) FILTER (side = 'output') AS inside
  FROM answered
  GROUP BY ALL
),
runs_of AS (
  SELECT trace_id, tool_call_id, name, given, count(*) AS runs
  FROM ran
  WHERE status <> 'error' AND tool_call_id IS NOT NULL
  GROUP BY ALL
),
asked AS (
  SELECT *, row_number() OVER (PARTITION BY trace_id, span_id, tool_call_id ORDER BY position) AS beside
  FROM (
    SELECT
      heard.*, coalesce(answers, 0) AS answers, responses, coalesce(inside, 0) AS inside, coalesce(runs, 0) AS runs,
      row_number() OVER same AS time, first_value(coalesce(answers, 0)) OVER same AS answers_at_first
    FROM heard
    LEFT JOIN told
      ON told.trace_id = heard.trace_id AND told.span_id = heard.span_id AND told.tool_call_id = heard.tool_call_id
    LEFT JOIN runs_of
      ON runs_of.trace_id = heard.trace_id AND runs_of.tool_call_id = heard.tool_call_id AND runs_of.name = heard.name
      AND runs_of.given IS NOT DISTINCT FROM heard.given
    WINDOW same AS (
      PARTITION BY heard.trace_id, heard.tool_call_id, heard.name, heard.given
      ORDER BY heard.start_time, heard.span_id, heard.position
    )
  )
  WHERE tool_call_id IS NULL OR time = 1 OR runs >= time
    OR (inside = 0 AND answers - answers_at_first >= time - 1)
),
numbered AS (
  SELECT *, greatest(answers + beside, occurrence) AS expected
  FROM (
    SELECT *, row_number() OVER (
      PARTITION BY trace_id, tool_call_id ORDER BY start_time, span_id, position
    ) AS occurrence
    FROM asked
  )
),
answers AS (
  SELECT
    numbered.trace_id, numbered.span_id, numbered.position,
    arg_min(response, (answered.occurrence <> expected, answered.start_time, -answered.occurrence)) AS response,
    arg_min(is_error, (answered.occurrence <> expected, answered.start_time, -answered.occurrence)) AS is_error
  FROM numbered
  JOIN answered ON answered.trace_id = numbered.trace_id AND answered.tool_call_id = numbered.tool_call_id
  WHERE CASE
      WHEN answered.side = 'output' THEN answered.span_id = numbered.span_id
      ELSE answered.span_id <> numbered.span_id AND answered.start_time >= numbered.start_time
    END
    AND (answered.occurrence = expected OR NOT coalesce(list_contains(responses, response), false))
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
  SELECT numbered.* EXCLUDE (time, answers, inside, runs, answers_at_first, beside, expected), newest.span_id AS executed_by
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
),
conversations AS (
  SELECT trace_id, any_value(conversation_id) AS conversation_id
  FROM span_rows
  WHERE conversation_id IS NOT NULL
  GROUP BY trace_id
  HAVING count(DISTINCT conversation_id) = 1
),
open AS (
  SELECT
    matched.trace_id, matched.span_id, matched.position, matched.tool_call_id, matched.name, matched.start_time,
    matched.responses, conversation_id,
    count(DISTINCT matched.trace_id) OVER (PARTITION BY matched.tool_call_id) AS traces
  FROM (SELECT * FROM matched WHERE tool_call_id IS NOT NULL) AS matched
  LEFT JOIN conversations ON conversations.trace_id = matched.trace_id
  LEFT JOIN answers
    ON answers.trace_id = matched.trace_id AND answers.span_id = matched.span_id
    AND answers.position = matched.position
  QUALIFY matched.executed_by IS NULL AND answers.trace_id IS NULL
),
elsewhere AS (
  SELECT
    trace_id, start_time, tool_call_id, NULL AS name, NULL AS executed_by, response AS result, is_error,
    NULL AS duration_ms, occurrence
  FROM answered
  UNION ALL
  SELECT trace_id, start_time, tool_call_id, name, span_id, tool_result, status = 'error', duration_ms, 1
  FROM ran
  ANTI JOIN run_of ON run_of.trace_id = ran.trace_id AND run_of.span_id = ran.span_id
),
later AS (
  SELECT
    open.trace_id, open.span_id, open.position,
    arg_min(elsewhere.executed_by, elsewhere.start_time) FILTER (elsewhere.executed_by IS NOT NULL) AS executed_by,
    arg_min(elsewhere.trace_id, elsewhere.start_time) FILTER (elsewhere.executed_by IS NOT NULL) AS executed_in,
    arg_min(elsewhere.duration_ms, elsewhere.start_time) FILTER (elsewhere.executed_by IS NOT NULL) AS duration_ms,
    arg_min(
      elsewhere.result, (elsewhere.executed_by IS NULL, elsewhere.start_time, -elsewhere.occurrence)
    ) FILTER (elsewhere.result IS NOT NULL) AS result,
    arg_min(
      elsewhere.is_error, (elsewhere.executed_by IS NULL, elsewhere.start_time, -elsewhere.occurrence)
    ) AS is_error
  FROM open
  JOIN elsewhere
    ON elsewhere.tool_call_id = open.tool_call_id AND elsewhere.trace_id <> open.trace_id
    AND elsewhere.start_time >= open.start_time AND coalesce(elsewhere.name = open.name, true)
  LEFT JOIN conversations ON conversations.trace_id = elsewhere.trace_id
  WHERE coalesce(conversations.conversation_id = open.conversation_id, open.traces = 1)
    AND (executed_by IS NOT NULL OR NOT coalesce(list_contains(responses, result), false))
  GROUP BY open.trace_id, open.span_id, open.position
)
SELECT
  matched.trace_id,
  matched.span_id,
  matched.tool_call_id,
  matched.name,
  matched.arguments,
  coalesce(ran.tool_result, answers.response, later.result) AS result,
  coalesce(ran.status = 'error', false) OR coalesce(answers.is_error, later.is_error, false) AS is_error,
  matched.span_id AS requested_by,
  coalesce(matched.executed_by, later.executed_by) AS executed_by,
  coalesce(ran.start_time, matched.start_time) AS start_time,
  coalesce(ran.duration_ms, later.duration_ms) AS duration_ms,
  matched.experiment_id
FROM matched
LEFT JOIN ran ON ran.trace_id = matched.trace_id AND ran.span_id = matched.executed_by
LEFT JOIN answers
  ON answers.trace_id = matched.trace_id AND answers.span_id = matched.span_id AND answers.position = matched.position
LEFT JOIN later
  ON later.trace_id = matched.trace_id AND later.span_id = matched.span_id AND later.position = matched.position
UNION ALL
SELECT
  trace_id, span_id, tool_call_id, name, tool_arguments, tool_result, status = 'error', NULL, span_id, start_time,
  duration_ms, experiment_id
FROM ran
WHERE NOT EXISTS (
  SELECT 1 FROM matched WHERE matched.trace_id = ran.trace_id AND matched.executed_by = ran.span_id
) AND NOT EXISTS (
  SELECT 1 FROM later WHERE later.executed_in = ran.trace_id AND later.executed_by = ran.span_id
);
