-- Verdicts of judges, kept under what was asked: the same question to the same judge is not paid for twice.
CREATE TABLE verdicts (
  request VARCHAR,
  judge VARCHAR,
  identity VARCHAR,
  choice VARCHAR,
  reasoning VARCHAR,
  model VARCHAR,
  input_tokens BIGINT,
  output_tokens BIGINT,
  cost_usd DOUBLE,
  recorded_at TIMESTAMPTZ
);
