"""LangSmith's OpenTelemetry mode on LangChain."""

import harness
import langchain_app
from langsmith import Client

harness.tracing()
client = Client(api_key="test", api_url=harness.URL)


def flush():
    """LangSmith hands runs over behind a queue of its own."""
    from langchain_core.tracers.langchain import wait_for_all_tracers

    wait_for_all_tracers()
    client.flush()
    harness.flush()


harness.run(langchain_app.SCENARIOS, flushing=flush)
