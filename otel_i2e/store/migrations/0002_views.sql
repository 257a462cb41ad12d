-- The views that users query. Their columns change only by migration and changelog.

-- Every span as it was sent. A mark such as "@i2e:input_text" can stand for a whole JSON string only (a
-- quotation mark inside a string is escaped), so putting the text back cannot touch anything else. What is
-- usually not there is put back first, while the text is short.
CREATE VIEW spans AS
WITH messages AS (
  SELECT * REPLACE (
    CASE WHEN packed THEN CAST(
      replace(CAST(input_messages AS VARCHAR), '"@i2e:input_text"', coalesce(CAST(to_json(input_text) AS VARCHAR), ''))
    AS JSON) ELSE input_messages END AS input_messages,
    CASE WHEN packed THEN CAST(
      replace(CAST(output_messages AS VARCHAR), '"@i2e:output_text"', coalesce(CAST(to_json(output_text) AS VARCHAR), ''))
    AS JSON) ELSE output_messages END AS output_messages
  )
  FROM span_rows
)
SELECT
  trace_id,
  span_id,
  parent_span_id,
  name,
  kind,
  operation,
  duplicate_of,
  duplicate_trace_id,
  start_time,
  end_time,
  duration_ms,
  status,
  status_message,
  error_type,
  error_code,
  service_name,
  service_version,
  environment,
  scope_name,
  dialect,
  resource,
  provider,
  request_model,
  response_model,
  response_id,
  request_params,
  finish_reasons,
  prompt_name,
  prompt_version,
  prompt_variables,
  prompt_hash,
  conversation_id,
  user_id,
  system_instructions,
  input_messages,
  output_messages,
  tool_definitions,
  input_text,
  output_text,
  documents,
  tool_name,
  tool_call_id,
  tool_arguments,
  tool_result,
  content_state,
  input_tokens,
  output_tokens,
  cache_read_tokens,
  cache_write_tokens,
  reasoning_tokens,
  cost_usd,
  CASE WHEN packed THEN CAST(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(CAST(attributes AS VARCHAR),
      '"@i2e:documents"', coalesce(CAST(to_json(CAST(documents AS VARCHAR)) AS VARCHAR), '')),
      '"@i2e:tool_arguments"', coalesce(CAST(to_json(CAST(tool_arguments AS VARCHAR)) AS VARCHAR), '')),
      '"@i2e:tool_result"', coalesce(CAST(to_json(CAST(tool_result AS VARCHAR)) AS VARCHAR), '')),
      '"@i2e:input_text"', coalesce(CAST(to_json(input_text) AS VARCHAR), '')),
      '"@i2e:output_text"', coalesce(CAST(to_json(output_text) AS VARCHAR), '')),
      '"@i2e:tool_definitions"', coalesce(CAST(to_json(CAST(tool_definitions AS VARCHAR)) AS VARCHAR), '')),
      '"@i2e:system_instructions"', coalesce(CAST(to_json(CAST(system_instructions AS VARCHAR)) AS VARCHAR), '')),
      '"@i2e:output_messages"', coalesce(CAST(to_json(CAST(output_messages AS VARCHAR)) AS VARCHAR), '')),
      '"@i2e:input_messages"', coalesce(CAST(to_json(CAST(input_messages AS VARCHAR)) AS VARCHAR), ''))
    AS JSON) ELSE attributes END AS attributes,
  events,
  links,
  experiment_id,
  case_id,
  repeat,
  ingested_at
FROM messages;

-- Exactly one row per model call: a call that two instrumentations recorded is the row that repeats no
-- other, and what that row lacks is taken from the rows that repeat it, in other traces too. What the
-- provider said of its answer comes first from the span that was made where the request left.
CREATE VIEW llm_calls AS
WITH repeats AS (
  SELECT
    coalesce(duplicate_trace_id, trace_id) AS trace_id,
    duplicate_of,
    max(status) FILTER (status = 'error') AS status,
    any_value(content_state ORDER BY span_id) FILTER (content_state <> 'missing') AS content_state,
    any_value(operation ORDER BY span_id) AS operation,
    any_value(status_message ORDER BY span_id) AS status_message,
    any_value(error_type ORDER BY span_id) AS error_type,
    any_value(error_code ORDER BY span_id) AS error_code,
    any_value(provider ORDER BY span_id) AS provider,
    any_value(request_model ORDER BY span_id) AS request_model,
    any_value(response_model ORDER BY span_id) AS response_model,
    any_value(response_model ORDER BY span_id) FILTER (wire) AS wire_response_model,
    any_value(response_id ORDER BY span_id) AS response_id,
    any_value(response_id ORDER BY span_id) FILTER (wire) AS wire_response_id,
    any_value(request_params ORDER BY span_id) AS request_params,
    any_value(finish_reasons ORDER BY span_id) AS finish_reasons,
    any_value(prompt_name ORDER BY span_id) AS prompt_name,
    any_value(prompt_version ORDER BY span_id) AS prompt_version,
    any_value(prompt_variables ORDER BY span_id) AS prompt_variables,
    any_value(prompt_hash ORDER BY span_id) AS prompt_hash,
    any_value(conversation_id ORDER BY span_id) AS conversation_id,
    any_value(user_id ORDER BY span_id) AS user_id,
    any_value(system_instructions ORDER BY span_id) AS system_instructions,
    any_value(input_messages ORDER BY span_id) AS input_messages,
    any_value(output_messages ORDER BY span_id) AS output_messages,
    any_value(tool_definitions ORDER BY span_id) AS tool_definitions,
    any_value(input_text ORDER BY span_id) AS input_text,
    any_value(output_text ORDER BY span_id) AS output_text,
    any_value(documents ORDER BY span_id) AS documents,
    any_value(input_tokens ORDER BY span_id) AS input_tokens,
    any_value(input_tokens ORDER BY span_id) FILTER (wire) AS wire_input_tokens,
    any_value(output_tokens ORDER BY span_id) AS output_tokens,
    any_value(output_tokens ORDER BY span_id) FILTER (wire) AS wire_output_tokens,
    any_value(cache_read_tokens ORDER BY span_id) AS cache_read_tokens,
    any_value(cache_read_tokens ORDER BY span_id) FILTER (wire) AS wire_cache_read_tokens,
    any_value(cache_write_tokens ORDER BY span_id) AS cache_write_tokens,
    any_value(cache_write_tokens ORDER BY span_id) FILTER (wire) AS wire_cache_write_tokens,
    any_value(reasoning_tokens ORDER BY span_id) AS reasoning_tokens,
    any_value(reasoning_tokens ORDER BY span_id) FILTER (wire) AS wire_reasoning_tokens,
    any_value(cost_usd ORDER BY span_id) AS cost_usd,
    any_value(cost_usd ORDER BY span_id) FILTER (wire) AS wire_cost_usd,
    any_value(experiment_id ORDER BY span_id) AS experiment_id,
    any_value(case_id ORDER BY span_id) AS case_id,
    any_value(repeat ORDER BY span_id) AS repeat
  FROM (
    SELECT *, starts_with(scope_name, 'com.anthropic.') OR name = 'raw_gen_ai_request' AS wire
    FROM spans
    WHERE kind = 'llm' AND duplicate_of IS NOT NULL
  ) AS twins
  GROUP BY coalesce(duplicate_trace_id, trace_id), duplicate_of
)
SELECT
  s.trace_id,
  s.span_id,
  s.parent_span_id,
  s.name,
  s.kind,
  coalesce(s.operation, r.operation) AS operation,
  s.duplicate_of,
  s.duplicate_trace_id,
  s.start_time,
  s.end_time,
  s.duration_ms,
  coalesce(r.status, s.status) AS status,
  coalesce(s.status_message, r.status_message) AS status_message,
  coalesce(s.error_type, r.error_type) AS error_type,
  coalesce(s.error_code, r.error_code) AS error_code,
  s.service_name,
  s.service_version,
  s.environment,
  s.scope_name,
  s.dialect,
  s.resource,
  coalesce(s.provider, r.provider) AS provider,
  coalesce(s.request_model, r.request_model) AS request_model,
  coalesce(r.wire_response_model, s.response_model, r.response_model) AS response_model,
  coalesce(r.wire_response_id, s.response_id, r.response_id) AS response_id,
  coalesce(s.request_params, r.request_params) AS request_params,
  coalesce(s.finish_reasons, r.finish_reasons) AS finish_reasons,
  coalesce(s.prompt_name, r.prompt_name) AS prompt_name,
  coalesce(s.prompt_version, r.prompt_version) AS prompt_version,
  coalesce(s.prompt_variables, r.prompt_variables) AS prompt_variables,
  coalesce(s.prompt_hash, r.prompt_hash) AS prompt_hash,
  coalesce(s.conversation_id, r.conversation_id) AS conversation_id,
  coalesce(s.user_id, r.user_id) AS user_id,
  coalesce(s.system_instructions, r.system_instructions) AS system_instructions,
  coalesce(s.input_messages, r.input_messages) AS input_messages,
  coalesce(s.output_messages, r.output_messages) AS output_messages,
  coalesce(s.tool_definitions, r.tool_definitions) AS tool_definitions,
  coalesce(s.input_text, r.input_text) AS input_text,
  coalesce(s.output_text, r.output_text) AS output_text,
  coalesce(s.documents, r.documents) AS documents,
  s.tool_name,
  s.tool_call_id,
  s.tool_arguments,
  s.tool_result,
  CASE WHEN s.content_state = 'missing' THEN coalesce(r.content_state, 'missing') ELSE s.content_state END
    AS content_state,
  coalesce(r.wire_input_tokens, s.input_tokens, r.input_tokens) AS input_tokens,
  coalesce(r.wire_output_tokens, s.output_tokens, r.output_tokens) AS output_tokens,
  coalesce(r.wire_cache_read_tokens, s.cache_read_tokens, r.cache_read_tokens) AS cache_read_tokens,
  coalesce(r.wire_cache_write_tokens, s.cache_write_tokens, r.cache_write_tokens) AS cache_write_tokens,
  coalesce(r.wire_reasoning_tokens, s.reasoning_tokens, r.reasoning_tokens) AS reasoning_tokens,
  coalesce(r.wire_cost_usd, s.cost_usd, r.cost_usd) AS cost_usd,
  s.attributes,
  s.events,
  s.links,
  coalesce(s.experiment_id, r.experiment_id) AS experiment_id,
  coalesce(s.case_id, r.case_id) AS case_id,
  coalesce(s.repeat, r.repeat) AS repeat,
  s.ingested_at
FROM spans AS s
LEFT JOIN repeats AS r ON r.trace_id = s.trace_id AND r.duplicate_of = s.span_id
WHERE s.kind = 'llm' AND s.duplicate_of IS NULL;

-- One row per tool call that a model asked for or the application ran.
CREATE VIEW tool_calls AS
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
ran AS (
  SELECT
    trace_id, span_id, start_time, duration_ms, experiment_id, tool_call_id,
    coalesce(tool_name, name) AS name,
    tool_arguments, tool_result, status,
    row_number() OVER (PARTITION BY trace_id, tool_call_id ORDER BY start_time DESC, span_id) AS newest,
    row_number() OVER (PARTITION BY trace_id, tool_call_id, coalesce(tool_name, name) ORDER BY start_time, span_id) AS turn
  FROM spans
  WHERE kind = 'tool' AND duplicate_of IS NULL
),
answer_parts AS (
  SELECT trace_id, start_time, unnest(json_extract(input_messages, '$[*].parts[*]')) AS part
  FROM llm_calls
  WHERE contains(CAST(input_messages AS VARCHAR), 'tool_call_response')
),
answers AS (
  SELECT trace_id, part ->> '$.id' AS tool_call_id, any_value(part -> '$.response' ORDER BY start_time) AS response
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
  coalesce(ran.status = 'error', false) AS is_error,
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

-- One row per document that a retrieval gave, or that was put before a model.
CREATE VIEW documents AS
WITH listed AS (
  SELECT
    trace_id, span_id, kind, start_time, experiment_id, input_text AS query,
    unnest(json_extract(documents, '$[*]')) AS document,
    generate_subscripts(json_extract(documents, '$[*]'), 1) AS position
  FROM spans
  WHERE documents IS NOT NULL AND duplicate_of IS NULL
)
SELECT
  trace_id, span_id, kind, start_time, query, position,
  document ->> '$.id' AS document_id,
  document ->> '$.content' AS content,
  TRY_CAST(document ->> '$.score' AS DOUBLE) AS score,
  document ->> '$.uri' AS uri,
  document -> '$.metadata' AS metadata,
  experiment_id
FROM listed;

-- The newest score of each scorer on each span (or whole trace): what is known now.
CREATE VIEW latest_scores AS
SELECT * FROM scores
QUALIFY row_number() OVER (
  PARTITION BY trace_id, span_id, name, experiment_id ORDER BY created_at DESC, score_id
) = 1;

-- One row per trace. Tokens and cost are those of its model calls, each counted once; the cost is NULL when
-- one of them has no known price. The root is the first span without a parent, or else the first span.
CREATE VIEW traces AS
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
    count(*) AS llm_calls,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    CASE WHEN count(cost_usd) = count(*) THEN sum(cost_usd) END AS cost_usd
  FROM llm_calls
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
  (epoch_us(end_time) - epoch_us(start_time)) / 1000.0 AS duration_ms,
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

-- One row per production span and reason to look at it: an error, a score below its threshold, or feedback
-- below one half. Feedback on a whole trace is put on its root span.
CREATE VIEW failures AS
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
    explanation
  FROM latest_scores
  LEFT JOIN roots ON roots.trace_id = latest_scores.trace_id AND latest_scores.span_id IS NULL
  WHERE latest_scores.experiment_id IS NULL
    AND (passed = false OR (passed IS NULL AND source = 'user' AND value < 0.5))
),
reasons AS (
  SELECT * FROM judged
  UNION ALL
  SELECT trace_id, span_id, 'error', NULL, NULL, error_type, status_message
  FROM span_rows
  WHERE status = 'error' AND duplicate_of IS NULL
)
SELECT
  spans.trace_id, spans.span_id, parent_span_id, spans.name, kind, start_time, duration_ms, service_name, environment,
  reason, scorer, score, label, explanation,
  error_type, error_code, status_message,
  request_model, response_model, prompt_name, prompt_version, conversation_id, user_id, input_text, output_text
FROM reasons
JOIN spans ON spans.trace_id = reasons.trace_id AND spans.span_id = reasons.span_id
WHERE spans.experiment_id IS NULL;
