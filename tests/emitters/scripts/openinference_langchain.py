"""OpenInference on LangChain."""

import harness
import langchain_app
from openinference.instrumentation.langchain import LangChainInstrumentor
from openinference_context import AROUND

harness.tracing()
LangChainInstrumentor().instrument()
harness.run(langchain_app.SCENARIOS, around=AROUND)
