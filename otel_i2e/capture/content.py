"""Which attributes and events hold content: what people and models said, in every dialect we know.

`I2E_CAPTURE=metadata` leaves these out and keeps the rest: models, tokens, times, types of errors, identifiers.
A name that is not known here is kept, so an emitter's own content under a name of its own is too.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CONTENT_EVENT_PREFIXES", "CONTENT_KEYS", "CONTENT_PREFIXES", "is_content", "is_content_event"]

CONTENT_PREFIXES: Final = (
    # OpenTelemetry, old and new; OpenLLMetry
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.tool.message",
    "gen_ai.retrieval.documents",
    "gen_ai.retrieval.query",
    "gen_ai.memory.records",
    "gen_ai.memory.query",
    "gen_ai.prompt.variable",
    *(f"gen_ai.prompt.{digit}" for digit in range(10)),
    "gen_ai.completion",
    "gen_ai.request.stop_sequences",
    "gen_ai.evaluation.explanation",
    "llm.request.functions.",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "traceloop.prompt.template",
    # OpenInference
    "input.value",
    "output.value",
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompts.",
    "llm.choices.",
    "llm.prompt_template.",
    "llm.tools.",
    "llm.function_call",
    "llm.invocation_parameters",
    "retrieval.documents",
    "reranker.input_documents",
    "reranker.output_documents",
    "reranker.query",
    "embedding.embeddings",
    "embedding.text",
    "embedding.vector",
    "tool.parameters",
    # Anthropic, OpenAI and LiteLLM, raw
    "anthropic.tool_result.content",
    "llm.anthropic.",
    "llm.openai.",
    # Vercel AI SDK
    "ai.prompt",
    "ai.response.text",
    "ai.response.toolCalls",
    "ai.response.object",
    "ai.response.reasoning",
    "ai.response.files",
    "ai.toolCall.args",
    "ai.toolCall.result",
    "ai.schema",
    "ai.value",
    "ai.embedding",
    # Langfuse, MLflow, Logfire, pydantic-ai
    "langfuse.observation.input",
    "langfuse.observation.output",
    "langfuse.trace.input",
    "langfuse.trace.output",
    "mlflow.spanInputs",
    "mlflow.spanOutputs",
    "mlflow.chat.tools",
    "pydantic_ai.all_messages",
    "logfire.msg",
    # Google ADK, Genkit, LiveKit, Laminar
    "gcp.vertex.agent.llm_request",
    "gcp.vertex.agent.llm_response",
    "gcp.vertex.agent.tool_call_args",
    "gcp.vertex.agent.tool_response",
    "genkit:input",
    "genkit:output",
    "lk.user_input",
    "lk.user_transcript",
    "lk.chat_ctx",
    "lk.response.text",
    "lk.function_tool.",
    "lmnr.span.input",
    "lmnr.span.output",
)
"""An attribute whose key starts with one of these holds content."""

CONTENT_KEYS: Final = frozenset(
    (
        "agent.messages",
        "all_messages_events",
        "events",
        "exception.message",
        "exception.stacktrace",
        "final_result",
        "full_command",
        "gen_ai.prompt",
        "input",
        "llm.messages",
        "model_request_parameters",
        "new_context",
        "output",
        "prompt",
        "request_data",
        "response.model_output",
        "response_data",
        "tool_arguments",
        "tool_input",
        "tool_response",
        "user_prompt",
    )
)
"""Attributes with these very keys hold content; as prefixes they would be too wide."""

CONTENT_EVENT_PREFIXES: Final = (
    "gen_ai.system.message",
    "gen_ai.user.message",
    "gen_ai.assistant.message",
    "gen_ai.tool.message",
    "gen_ai.choice",
    "gen_ai.content.",
    "mlflow.chunk.item",
    "tool.output",
    "db.query.result",
    "db.search.result",
)
"""An event whose name starts with one of these is content as a whole: it is left out."""

_known: Final[dict[str, bool]] = {}


def is_content(key: str) -> bool:
    """Whether an attribute with this key holds content."""
    known = _known.get(key)
    if known is None:
        known = key in CONTENT_KEYS or key.startswith(CONTENT_PREFIXES)
        if len(_known) < 4096:
            _known[key] = known
    return known


def is_content_event(name: str) -> bool:
    """Whether an event with this name is content as a whole."""
    return name.startswith(CONTENT_EVENT_PREFIXES)
