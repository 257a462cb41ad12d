"""traceloop-sdk: decorators around OpenLLMetry's OpenAI instrumentation."""

import json

import facts
import harness
import openai_app
from opentelemetry import trace
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import task, tool, workflow

Traceloop.init(app_name=harness.SERVICE, api_endpoint=f"{harness.URL}/otlp", disable_batch=False)


@tool(name="get_order")
def get_order(order_id: str) -> str:
    """As a tool span."""
    return facts.get_order(order_id)


@tool(name="search_policy")
def search_policy(topic: str, limit: int) -> str:
    """As a tool span."""
    return facts.search_policy(topic, limit)


@task(name="search")
def search(query: str) -> list:
    """As a task span."""
    return facts.DOCUMENTS


@workflow(name="tool_loop")
def tools() -> None:
    """The loop, with the tools under spans."""
    run, facts.run_tool = (
        facts.run_tool,
        lambda name, given: {"get_order": get_order, "search_policy": search_policy}[name](**given),
    )
    openai_app.tools()
    facts.run_tool = run


@workflow(name="answer")
def retrieval() -> None:
    """Search, then ask."""
    json.dumps(search(facts.RETRIEVAL_QUERY))
    openai_app.retrieval()


@workflow(name="turn")
def conversation() -> None:
    """Session and user as association properties; the prompt as Traceloop's own attributes."""
    Traceloop.set_association_properties({"session_id": facts.CONVERSATION, "user_id": facts.USER})
    Traceloop.set_prompt(
        "You are {{shop}}'s agent. Be {{tone}}.", facts.PROMPT_VARIABLES, facts.PROMPT_VERSION
    ) if hasattr(Traceloop, "set_prompt") else None
    openai_app.conversation()


harness.run(
    {**openai_app.SCENARIOS, "tools": tools, "retrieval": retrieval, "conversation": conversation},
    flushing=lambda: trace.get_tracer_provider().force_flush(),
)
