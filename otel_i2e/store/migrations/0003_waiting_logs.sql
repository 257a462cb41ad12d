-- Log records with content, from when they arrive until their span does. The span's row has them from then on.
CREATE TABLE waiting_logs (
  trace_id VARCHAR,
  span_id VARCHAR,
  record JSON,
  received_at TIMESTAMPTZ
);
