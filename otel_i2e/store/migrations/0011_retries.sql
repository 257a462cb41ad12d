-- An online attempt that broke for a reason that may pass says when it is made again; `attempt` counts from 1.
ALTER TABLE score_ledger ADD COLUMN attempt INTEGER DEFAULT 1;
ALTER TABLE score_ledger ADD COLUMN retry_at TIMESTAMPTZ;
