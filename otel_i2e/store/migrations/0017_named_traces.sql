-- A conversation is made of traces: where a call does not say which one it belongs to, or who asked, and only one is named
-- in its trace, that is the one. The rest is as 0014_merged_calls has it.
CREATE OR REPLACE VIEW llm_calls AS
WITH named AS (
  SELECT
    trace_id,
    CASE WHEN min(conversation_id) = max(conversation_id) THEN min(conversation_id) END AS conversation_id,
    CASE WHEN min(user_id) = max(user_id) THEN min(user_id) END AS user_id
  FROM span_rows
  WHERE conversation_id IS NOT NULL OR user_id IS NOT NULL
  GROUP BY trace_id
),
repeats AS (
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
  coalesce(m.request_params, s.request_params, r.request_params) AS request_params,
  coalesce(s.finish_reasons, r.finish_reasons) AS finish_reasons,
  coalesce(s.prompt_name, r.prompt_name) AS prompt_name,
  coalesce(s.prompt_version, r.prompt_version) AS prompt_version,
  coalesce(s.prompt_variables, r.prompt_variables) AS prompt_variables,
  coalesce(s.prompt_hash, r.prompt_hash) AS prompt_hash,
  coalesce(s.conversation_id, r.conversation_id, n.conversation_id) AS conversation_id,
  coalesce(s.user_id, r.user_id, n.user_id) AS user_id,
  coalesce(m.system_instructions, s.system_instructions, r.system_instructions) AS system_instructions,
  coalesce(m.input_messages, s.input_messages, r.input_messages) AS input_messages,
  coalesce(m.output_messages, s.output_messages, r.output_messages) AS output_messages,
  coalesce(m.tool_definitions, s.tool_definitions, r.tool_definitions) AS tool_definitions,
  coalesce(m.input_text, s.input_text, r.input_text) AS input_text,
  coalesce(m.output_text, s.output_text, r.output_text) AS output_text,
  coalesce(s.documents, r.documents) AS documents,
  s.tool_name,
  s.tool_call_id,
  s.tool_arguments,
  s.tool_result,
  coalesce(
    m.content_state,
    CASE WHEN s.content_state = 'missing' THEN coalesce(r.content_state, 'missing') ELSE s.content_state END
  ) AS content_state,
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
LEFT JOIN merged_calls AS m ON m.trace_id = s.trace_id AND m.span_id = s.span_id
LEFT JOIN named AS n ON n.trace_id = s.trace_id
WHERE s.kind = 'llm' AND s.duplicate_of IS NULL;
