"""04 Promote: a failing answer becomes a test case, after a person has said what is right.

python examples/04_promote.py
"""

import local
import shop

shop.serve_customers()
local.wait_for(1, "scores WHERE name = 'feedback'")

# A user complained. The shipped query `negative_feedback` finds the trace; the case is proposed, not yet a test.
local.i2e("promote", "negative_feedback", "--dataset", "refunds")
local.i2e("review", "list")

# Approving writes a line into the dataset's file, which is kept in git.
local.i2e("review", "approve", "can-i-return", "--priority", "P0", "--must", '{"contains": "30 days"}')
print((local.OUT / "evals" / "refunds.jsonl").read_text(encoding="utf-8"))
