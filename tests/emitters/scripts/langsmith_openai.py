"""LangSmith's OpenTelemetry mode with its wrapper of the OpenAI SDK and `traceable`."""

import facts
import harness
import openai_app
from langsmith import Client, traceable
from langsmith.wrappers import wrap_openai

harness.tracing()
client = Client(api_key="test", api_url=harness.URL)
plain = openai_app.client
openai_app.client = lambda: wrap_openai(plain())


@traceable(run_type="retriever", name="search")
def search(query: str) -> list:
    """Documents as LangSmith wants them."""
    return [
        {
            "page_content": one["content"],
            "type": "Document",
            "metadata": {**one["metadata"], "id": one["id"], "score": one["score"]},
        }
        for one in facts.DOCUMENTS
    ]


@traceable(name="answer")
def retrieval() -> None:
    """Search, then ask."""
    search(facts.RETRIEVAL_QUERY)
    openai_app.retrieval()


@traceable(name="turn", metadata={"session_id": facts.CONVERSATION, "user_id": facts.USER})
def conversation() -> None:
    """Session and user in the metadata."""
    openai_app.conversation()


def flush() -> None:
    """LangSmith hands runs over behind a queue of its own."""
    from langsmith.run_trees import get_cached_client

    for known in (client, get_cached_client()):
        known.flush()
    harness.flush()


harness.run({**openai_app.SCENARIOS, "retrieval": retrieval, "conversation": conversation}, flushing=flush)
