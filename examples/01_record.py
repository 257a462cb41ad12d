"""01 Record: one import, and every model call of an unchanged app is a row in a DuckDB file.

    python examples/01_record.py

Plain calls, streams, tool calls, usage, errors: nothing of this is code of otel-i2e.
"""

import local  # a model without a key, and where to write
import otel_i2e.auto  # the one import

import anthropic

client = anthropic.Anthropic(max_retries=0)
question: anthropic.types.MessageParam = {"role": "user", "content": "Can I return a laptop after 90 days?"}
model = "claude-haiku-4-5"

# A plain call.
client.messages.create(model=model, max_tokens=300, system="Be helpful.", messages=[question])

# A stream.
for event in client.messages.create(model=model, max_tokens=300, messages=[question], stream=True):
    if event.type == "content_block_delta" and event.delta.type == "text_delta":
        print(event.delta.text, end="")
print()

# An error: the app handles it, the trace keeps it.
try:
    client.messages.create(model=model, max_tokens=300, messages=[])
except anthropic.BadRequestError as error:
    print(f"the API said: {error.message}")

# A thread of this process moves spans into the DuckDB file, a moment after they end; we wait for it here.
local.wait_for(3, "llm_calls")
local.i2e("traces")
local.i2e("sql", "SELECT request_model, input_tokens, output_tokens, cost_usd, status, output_text FROM llm_calls")
