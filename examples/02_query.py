"""02 Query: what was recorded is a table; a query is a .sql file with a header.

python examples/02_query.py
"""

import local
import shop

shop.serve_customers()
local.wait_for(3, "traces")

# Any SELECT, read-only. The columns are in docs/queries.md.
local.i2e("sql", "SELECT user_id, prompt_version, output_text FROM llm_calls ORDER BY start_time")

# A query of your own: examples/queries/long_answers.sql. Check it before you commit it, run it with a parameter.
local.i2e("query", "check", "long_answers")
local.i2e("query", "run", "long_answers", "--param", "words=6")

# One that ships with otel-i2e.
local.i2e("query", "run", "by_prompt_version")
