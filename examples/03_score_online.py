"""03 Score online: a rule in i2e.toml scores production while it runs; a backfill scores what is stored.

    python examples/03_score_online.py

The scorer is a function in scorers.py; the rule that runs it is in i2e.toml.
"""

import local
import shop

shop.serve_customers()

# The application's own background thread scores, a moment after a span was stored.
local.wait_for(3, "score_ledger")

# Every attempt left a row: scored, or why not.
local.i2e("sql", "SELECT scorer, outcome, count(*) AS attempts FROM score_ledger GROUP BY ALL ORDER BY ALL")
local.i2e("sql", "SELECT name, value, label, explanation, rule FROM scores WHERE source = 'online' ORDER BY value")

# The same scorer over what is stored. What has a score of this version is not scored again.
local.i2e("score", "--where", "kind = 'llm'", "--scorer", "cites_only_sources")
