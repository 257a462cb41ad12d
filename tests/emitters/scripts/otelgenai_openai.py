"""OpenTelemetry's GenAI instrumentation of the OpenAI SDK, in its own repository."""

import harness
import openai_app
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor

harness.tracing()
OpenAIInstrumentor().instrument()
harness.run(openai_app.SCENARIOS)
