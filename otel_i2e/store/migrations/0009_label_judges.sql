-- The judge prompt behind a label's question: labels on criteria in words belong to one judge.
ALTER TABLE labels ADD COLUMN judge VARCHAR;
