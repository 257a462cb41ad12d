"""OpenLLMetry on LangChain."""

import harness
import langchain_app
from opentelemetry.instrumentation.langchain import LangchainInstrumentor

harness.tracing()
LangchainInstrumentor().instrument()
harness.run(langchain_app.SCENARIOS)
