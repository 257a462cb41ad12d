"""OpenInference on the OpenAI SDK."""

import harness
import openai_app
from openinference.instrumentation.openai import OpenAIInstrumentor
from openinference_context import AROUND

harness.tracing()
OpenAIInstrumentor().instrument()
harness.run(openai_app.SCENARIOS, around=AROUND)
