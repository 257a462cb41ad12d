"""MLflow's autologging, exported over OTLP. EMITTER_MODE is `openai`, `anthropic` or `pydantic_ai`."""

import asyncio
import inspect

import facts
import harness
import mlflow
from mlflow.entities import Document

getattr(mlflow, harness.MODE).autolog()
app = __import__(f"{harness.MODE}_app")


def _finish(result):
    if inspect.isawaitable(result):

        async def wait():
            await result

        asyncio.run(wait())


@mlflow.trace(span_type="RETRIEVER", name="search")
def search(query: str):
    """Documents as MLflow wants them."""
    return [
        Document(page_content=one["content"], metadata={**one["metadata"], "score": one["score"]}, id=one["id"])
        for one in facts.DOCUMENTS
    ]


@mlflow.trace(name="answer")
def retrieval():
    """Search, then ask."""
    search(facts.RETRIEVAL_QUERY)
    _finish(app.retrieval())


@mlflow.trace(name="turn")
def conversation():
    """Session and user go to the trace's metadata."""
    mlflow.update_current_trace(metadata={"mlflow.trace.session": facts.CONVERSATION, "mlflow.trace.user": facts.USER})
    _finish(app.conversation())


def flush():
    """MLflow exports behind its own provider."""
    mlflow.flush_trace_async_logging()
    from mlflow.tracing.provider import provider

    provider.get().force_flush()


harness.run({**app.SCENARIOS, "retrieval": retrieval, "conversation": conversation}, flushing=flush)
