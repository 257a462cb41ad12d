"""OpenLLMetry on the OpenAI SDK."""

import harness
import openai_app
from opentelemetry.instrumentation.openai import OpenAIInstrumentor

harness.tracing()
OpenAIInstrumentor().instrument()
harness.run(openai_app.SCENARIOS)
