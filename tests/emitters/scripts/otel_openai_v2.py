"""OpenTelemetry's instrumentation of the OpenAI SDK: content in log events, or on spans in the latest mode."""

import harness
import openai_app
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

harness.tracing()
OpenAIInstrumentor().instrument()
harness.run(openai_app.SCENARIOS)
