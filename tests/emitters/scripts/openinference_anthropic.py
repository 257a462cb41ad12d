"""OpenInference on the Anthropic SDK; the SDK's own tracing stays on, as it is by default."""

import anthropic_app
import harness
from openinference.instrumentation.anthropic import AnthropicInstrumentor
from openinference_context import AROUND

harness.tracing()
AnthropicInstrumentor().instrument()
harness.run(anthropic_app.SCENARIOS, around=AROUND)
