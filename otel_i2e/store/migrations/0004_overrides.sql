-- An override is bound to what its author saw, expires, and is used once. Judges earn the right to block.
ALTER TABLE overrides ADD COLUMN override_id VARCHAR;
ALTER TABLE overrides ADD COLUMN expires_at TIMESTAMPTZ;
ALTER TABLE overrides ADD COLUMN "commit" VARCHAR;
ALTER TABLE overrides ADD COLUMN case_hash VARCHAR;
ALTER TABLE overrides ADD COLUMN scorer_versions JSON;

-- The first experiment that used an override; it counts for no other.
CREATE TABLE override_uses (
  override_id VARCHAR,
  experiment_id VARCHAR,
  used_at TIMESTAMPTZ
);

-- What calibration says of a judge identity; the latest row of an identity counts.
CREATE TABLE judge_standings (
  scorer VARCHAR,
  scorer_version VARCHAR,
  model VARCHAR,
  may_block BOOLEAN,
  reason VARCHAR,
  created_at TIMESTAMPTZ
);
