-- What people said of spans, one row each time; the latest of a reviewer counts.
CREATE TABLE labels (
  label_id VARCHAR,
  trace_id VARCHAR,
  span_id VARCHAR,
  case_id VARCHAR,
  scorer VARCHAR,
  passed BOOLEAN,
  reviewer VARCHAR,
  note VARCHAR,
  created_at TIMESTAMPTZ
);

-- What came of calibrating a judge against labels, frozen with the labelled set.
CREATE TABLE calibrations (
  calibration_id VARCHAR,
  scorer VARCHAR,
  scorer_version VARCHAR,
  model VARCHAR,
  created_at TIMESTAMPTZ,
  body JSON
);
