"""OpenTelemetry's GenAI instrumentation of LangChain."""

import harness
import langchain_app
from opentelemetry.instrumentation.genai.langchain import LangChainInstrumentor

harness.tracing()
LangChainInstrumentor().instrument()
harness.run(langchain_app.SCENARIOS)
