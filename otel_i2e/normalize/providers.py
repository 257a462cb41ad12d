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
}
_FRAMEWORKS: Final = frozenset(
    {"strands-agents", "langchain", "langgraph", "llama_index", "haystack", "pydantic-ai", "litellm", "unknown"}
)


def provider_of(sent: str) -> str | None:
    """`sent` as the conventions spell it; a provider they do not list in lower case; None for a framework's name."""
    name = sent.strip().lower()
    return None if name in _FRAMEWORKS or not name else _SPELLINGS.get(name, name)
