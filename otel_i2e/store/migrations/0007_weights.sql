-- What a sampled score stands for, which part of the sample it came from, how much of the trace was seen.
ALTER TABLE scores ADD COLUMN weight DOUBLE DEFAULT 1;
ALTER TABLE score_ledger ADD COLUMN weight DOUBLE;
ALTER TABLE score_ledger ADD COLUMN stratum VARCHAR;
ALTER TABLE score_ledger ADD COLUMN trace_spans INTEGER;
ALTER TABLE score_ledger ADD COLUMN shadow BOOLEAN DEFAULT FALSE;

-- What rules in shadow scored: the columns of `scores`, in a table of its own, so that it counts nowhere.
CREATE TABLE shadow_scores AS SELECT * FROM scores LIMIT 0;

CREATE OR REPLACE VIEW latest_scores AS
SELECT * FROM scores
QUALIFY row_number() OVER (
  PARTITION BY trace_id, span_id, name, experiment_id ORDER BY created_at DESC, score_id
) = 1;

-- What rates are made of: one row per production span (or trace), scorer and version. A rate is
-- sum(weight) FILTER (passed) / sum(weight) FILTER (passed IS NOT NULL). Samples are nested, so a span that two
-- rules scored stands for as many as the rule with the larger sample says.
CREATE VIEW rated_scores AS
SELECT * REPLACE (
  coalesce(min(nullif(weight, 0)) OVER (PARTITION BY trace_id, span_id, name, scorer_version), 0) AS weight
)
FROM scores
WHERE experiment_id IS NULL
QUALIFY row_number() OVER (
  PARTITION BY trace_id, span_id, name, scorer_version ORDER BY created_at DESC, score_id
) = 1;
