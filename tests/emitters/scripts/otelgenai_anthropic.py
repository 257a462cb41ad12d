"""OpenTelemetry's GenAI instrumentation of the Anthropic SDK; the SDK's own tracing stays on, as it is by default."""

import anthropic_app
import harness
from opentelemetry.instrumentation.genai.anthropic import AnthropicInstrumentor

harness.tracing()
AnthropicInstrumentor().instrument()
harness.run(anthropic_app.SCENARIOS)
