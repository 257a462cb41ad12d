"""Who served the model, in the conventions' spelling of `gen_ai.provider.name`."""

from __future__ import annotations

from typing import Final

__all__ = ["provider_of"]

_SPELLINGS: Final = {
    "az.ai.inference": "azure.ai.inference",
    "az.ai.openai": "azure.ai.openai",
    "azure": "azure.ai.openai",
    "azure_openai": "azure.ai.openai",
    "amazon_bedrock": "aws.bedrock",
    "aws": "aws.bedrock",
    "aws_bedrock": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "google": "gcp.gen_ai",
    "google_genai": "gcp.gemini",
    "google-gla": "gcp.gemini",
    "google-vertex": "gcp.vertex_ai",
    "google_vertexai": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "moonshot": "moonshot_ai",
    "openai.chat": "openai",
    "openai.responses": "openai",
    "anthropic.messages": "anthropic",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
    "google.generative-ai": "gcp.gemini",
    "google.vertex": "gcp.vertex_ai",
    "vertex.google": "gcp.vertex_ai",
    "vertex.anthropic": "gcp.vertex_ai",
    "amazon-bedrock": "aws.bedrock",
}
_APIS: Final = (".chat", ".responses", ".messages", ".completion", ".embedding")
"""How the AI SDK ends the names of its providers: by the API that it calls."""
_FRAMEWORKS: Final = frozenset(
    {
        *("strands-agents", "langchain", "langgraph", "llama_index", "haystack", "pydantic-ai", "litellm", "unknown"),
        *("openai-agent", "pydantic_ai", "llamaindex", "crewai", "dspy", "smolagents", "autogen", "ag2"),
        *("vercel_ai", "voltagent", "livekit"),
    }
)
"""The second and third line as MLflow says in what format a span's messages are."""


def provider_of(sent: str) -> str | None:
    """`sent` as the conventions spell it; a provider they do not list in lower case; None for a framework's name."""
    name = sent.strip().lower()
    if name in _FRAMEWORKS or not name:
        return None
    if name not in _SPELLINGS and name.endswith(_APIS):
        name = name.rpartition(".")[0]
    return _SPELLINGS.get(name, name)
