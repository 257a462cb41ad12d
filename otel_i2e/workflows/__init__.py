"""What the verbs do; the only place where rooms meet. Called by the command line and by pytest alike.

record    `ingest` ← `preparing`, `item_time`, `prepare_process`, `storing`, `linking`, `late_content`; `importing`,
          `serving`, `background`; `repair`, `rejects`, `blobs`
look      `inspect`, `status`, `why`, `queries`, `catching_up`
score     `scoring` ← `online`, `backfill`, `attempts`, `rules`, `strata`, `budgets`, `call_journal`; `parity`
judges    `labels`, `calibration`, `drift`, `verdicts`, `batching`
cases     `promotion`, `review`, `datasets`, `dataset_file`
evaluate  `evaluation` ← `evaluation_plan`, `rounds`, `case_runs`, `experiment_scoring`, `experiment_record`
gate      `gating` ← `evidence`, `baselines`, `overrides`; `after_gate`, `publishing`; `backtest`, `comparing`
start     `scaffold`, `demo`
"""
