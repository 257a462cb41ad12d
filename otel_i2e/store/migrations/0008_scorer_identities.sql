-- What each version of a scorer was: its code or prompt and its parameters, kept when its first attempt is stored.
CREATE TABLE scorer_identities (
  scorer VARCHAR,
  scorer_version VARCHAR,
  kind VARCHAR,
  source VARCHAR,
  text VARCHAR,
  parameters JSON,
  first_seen TIMESTAMPTZ
);
