"""OpenLLMetry on the Anthropic SDK."""

import anthropic_app
import harness
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor

harness.tracing()
AnthropicInstrumentor().instrument()
harness.run(anthropic_app.SCENARIOS)
