-- The tables. No keys, indexes, checks or enumerations: the same schema must run on DuckLake, and
-- indexes of DuckDB 1.5 lose rows after an unclean exit. Rows are unique by the writer's anti-joins.

-- What is known of each span. Users read the view `spans`, which has the same columns without `packed`:
-- where `packed` is true, text that another column of the row holds already is left out of `attributes`,
-- `input_messages` and `output_messages`, with a mark in its place.
-- Short values that repeat are kept in dictionaries: zstd, in which the store is written, takes 8 kB for the lengths of
-- 2,048 texts, NULL or not, which was a tenth of the file. DuckLake, which chooses by itself, needs these words left out.
CREATE TABLE span_rows (
  -- identity
  trace_id VARCHAR,
  span_id VARCHAR,
  parent_span_id VARCHAR,
  name VARCHAR USING COMPRESSION dict_fsst,
  kind VARCHAR USING COMPRESSION dict_fsst,
  operation VARCHAR USING COMPRESSION dict_fsst,
  duplicate_of VARCHAR USING COMPRESSION dict_fsst,
  duplicate_trace_id VARCHAR USING COMPRESSION dict_fsst,
  -- time, outcome
  start_time TIMESTAMPTZ,
  end_time TIMESTAMPTZ,
  duration_ms DOUBLE,
  status VARCHAR USING COMPRESSION dict_fsst,
  status_message VARCHAR,
  error_type VARCHAR USING COMPRESSION dict_fsst,
  error_code VARCHAR USING COMPRESSION dict_fsst,
  -- origin
  service_name VARCHAR USING COMPRESSION dict_fsst,
  service_version VARCHAR USING COMPRESSION dict_fsst,
  environment VARCHAR USING COMPRESSION dict_fsst,
  scope_name VARCHAR USING COMPRESSION dict_fsst,
  dialect VARCHAR USING COMPRESSION dict_fsst,
  resource JSON USING COMPRESSION dict_fsst,
  -- model
  provider VARCHAR USING COMPRESSION dict_fsst,
  request_model VARCHAR USING COMPRESSION dict_fsst,
  response_model VARCHAR USING COMPRESSION dict_fsst,
  response_id VARCHAR,
  request_params JSON USING COMPRESSION dict_fsst,
  finish_reasons VARCHAR[],
  -- prompt
  prompt_name VARCHAR USING COMPRESSION dict_fsst,
  prompt_version VARCHAR USING COMPRESSION dict_fsst,
  prompt_variables JSON,
  prompt_hash VARCHAR USING COMPRESSION dict_fsst,
  -- who
  conversation_id VARCHAR USING COMPRESSION dict_fsst,
  user_id VARCHAR USING COMPRESSION dict_fsst,
  -- content
  system_instructions JSON,
  input_messages JSON,
  output_messages JSON,
  tool_definitions JSON,
  input_text VARCHAR,
  output_text VARCHAR,
  documents JSON,
  tool_name VARCHAR USING COMPRESSION dict_fsst,
  tool_call_id VARCHAR USING COMPRESSION dict_fsst,
  tool_arguments JSON,
  tool_result JSON,
  content_state VARCHAR USING COMPRESSION dict_fsst,
  -- usage
  input_tokens BIGINT,
  output_tokens BIGINT,
  cache_read_tokens BIGINT,
  cache_write_tokens BIGINT,
  reasoning_tokens BIGINT,
  cost_usd DOUBLE,
  -- raw
  attributes JSON,
  events JSON,
  links JSON USING COMPRESSION dict_fsst,
  -- ours
  experiment_id VARCHAR USING COMPRESSION dict_fsst,
  case_id VARCHAR USING COMPRESSION dict_fsst,
  repeat INTEGER,
  ingested_at TIMESTAMPTZ,
  packed BOOLEAN
);

CREATE TABLE scores (
  score_id VARCHAR,
  trace_id VARCHAR,
  span_id VARCHAR,
  name VARCHAR,
  value DOUBLE,
  label VARCHAR,
  explanation VARCHAR,
  passed BOOLEAN,
  threshold DOUBLE,
  scorer_version VARCHAR,
  source VARCHAR,
  rule VARCHAR,
  experiment_id VARCHAR,
  case_id VARCHAR,
  repeat INTEGER,
  model VARCHAR,
  cost_usd DOUBLE,
  metadata JSON,
  created_at TIMESTAMPTZ
);

-- One row per span × rule × scorer that was considered, whatever came of it.
CREATE TABLE score_ledger (
  trace_id VARCHAR,
  span_id VARCHAR,
  rule VARCHAR,
  scorer VARCHAR,
  scorer_version VARCHAR,
  outcome VARCHAR,
  reason VARCHAR,
  cost_usd DOUBLE,
  source VARCHAR,
  experiment_id VARCHAR,
  created_at TIMESTAMPTZ
);

-- One row per revision; the latest revision of a case is the case.
CREATE TABLE cases (
  dataset VARCHAR,
  case_id VARCHAR,
  revision INTEGER,
  status VARCHAR,
  priority VARCHAR,
  failure_mode VARCHAR,
  trace_id VARCHAR,
  span_id VARCHAR,
  body JSON,
  note VARCHAR,
  "by" VARCHAR,
  created_at TIMESTAMPTZ
);

CREATE TABLE experiments (
  experiment_id VARCHAR,
  dataset VARCHAR,
  dataset_hash VARCHAR,
  task VARCHAR,
  repeats INTEGER,
  "commit" VARCHAR,
  created_at TIMESTAMPTZ,
  cases JSON,
  metadata JSON
);

CREATE TABLE experiment_runs (
  experiment_id VARCHAR,
  case_id VARCHAR,
  repeat INTEGER,
  status VARCHAR,
  error VARCHAR,
  trace_id VARCHAR,
  span_id VARCHAR,
  output VARCHAR,
  duration_ms DOUBLE,
  cost_usd DOUBLE,
  attempts JSON
);

CREATE TABLE overrides (
  experiment_id VARCHAR,
  case_id VARCHAR,
  reason VARCHAR,
  "by" VARCHAR,
  created_at TIMESTAMPTZ
);

CREATE TABLE gate_decisions (
  experiment_id VARCHAR,
  baseline_id VARCHAR,
  dataset VARCHAR,
  verdict VARCHAR,
  decided_at TIMESTAMPTZ,
  body JSON
);
