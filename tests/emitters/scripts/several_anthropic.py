"""Four libraries on one Anthropic client: OpenLLMetry, OpenInference, OpenTelemetry GenAI, and the SDK's own tracing."""

import anthropic_app
import harness
from openinference.instrumentation.anthropic import AnthropicInstrumentor as OpenInference
from openinference_context import AROUND
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor as OpenLLMetry
from opentelemetry.instrumentation.genai.anthropic import AnthropicInstrumentor as GenAI

harness.tracing()
for library in (GenAI, OpenLLMetry, OpenInference):
    library().instrument(skip_dep_check=True)
harness.run(anthropic_app.SCENARIOS, around=AROUND)
