"""OpenInference on the OpenAI Agents SDK. EMITTER_MODE is `chat` or `responses`."""

import agents_app
import harness
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from openinference_context import AROUND

harness.tracing()
OpenAIAgentsInstrumentor().instrument()
harness.run(agents_app.SCENARIOS, around=AROUND)
